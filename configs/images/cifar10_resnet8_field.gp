# cost: size_bits
# Drawn by bitfront; draw again with gnuplot, in the folder of this file.
set terminal pngcairo noenhanced size 1200,840 font 'Sans,15' linewidth 1.2
set output (exists('ARG1') && strlen(ARG1) > 0 ? ARG1 : 'cifar10_resnet8_field.png')
set encoding utf8
set border 3 linecolor '#404040'
set tics nomirror textcolor '#202020'
set grid linetype 1 linecolor '#e4e4e4' linewidth 0.8
set lmargin 10
set rmargin 4
set tmargin 3.2
set key below center horizontal Left reverse samplen 2 spacing 1.2 maxcols 3 height 0.8
set errorbars small
set logscale x
set xrange [3.0815205:92.842681]
set yrange [73.634:87.186]
set xtics ('5' 5, '10' 10, '20' 20, '50' 50)
set ytics ('74' 74, '76' 76, '78' 78, '80' 80, '82' 82, '84' 84, '86' 86)
set title 'resnet8 on cifar10: test accuracy against model size'
set xlabel 'model size [kB], logarithmic' offset 0,0.6
set ylabel 'test accuracy [%]' offset 0.3,0
set label 'w8' at 77.36,86.46 left offset 0.9,-0.9 textcolor '#404040' front
set label 'w4' at 38.68,86.08 left offset 0.9,-0.9 textcolor '#404040' front
set label 'w2' at 19.34,83.66 left offset 0.9,-0.9 textcolor '#404040' front
$f0 << EOD
3.69825 74.36 3.69825 3.69825 74.36 74.36 C5
EOD
$f1 << EOD
5.8895 77.78 5.8895 5.8895 77.78 77.78 A7
15.288 84.41 15.288 15.288 84.41 84.41 A5
26.393 85.79 26.393 26.393 85.79 85.79 A3
EOD
$d2 << EOD
5.8965 78.4 5.8965 5.8965 78.4 78.4 A10
15.19625 83.6 15.19625 15.19625 83.6 83.6 A9
EOD
$f2 << EOD
26.33175 85.68 26.33175 26.33175 85.68 85.68 A8
EOD
$f3 << EOD
13.486 83.94 13.486 13.486 83.94 83.94 B3
23.9085 85.23 23.9085 23.9085 85.23 85.23 B2
EOD
$d4 << EOD
19.34 83.66 19.34 19.34 83.66 83.66 C4
38.68 86.08 38.68 38.68 86.08 86.08 C3
EOD
$f4 << EOD
77.36 86.46 77.36 77.36 86.46 86.46 C2
EOD
$d5 << EOD
19.6035 82.97 19.6035 19.6035 82.97 82.97 A13
22.05025 83.4 22.05025 22.05025 83.4 83.4 A12
EOD
$f6 << EOD
20.1755 85.11 20.1755 20.1755 85.11 85.11 B4
EOD
$d7 << EOD
20.303 79.75 20.303 20.303 79.75 79.75 A15
EOD
$d8 << EOD
20.76 85.3 20.76 20.76 85.3 85.3 B5
EOD
$front << EOD
3.69825 74.36
5.8895 77.78
13.486 83.94
15.288 84.41
20.1755 85.11
23.9085 85.23
26.33175 85.68
26.393 85.79
77.36 86.46
92.842681 86.46
EOD
plot \
  $d2 using 1:2 with points pointtype 8 pointsize 1.3 linewidth 1.2 linecolor '#2f8f4e' notitle, \
  $d4 using 1:2 with points pointtype 10 pointsize 1.3 linewidth 1.2 linecolor '#b8a00b' notitle, \
  $d5 using 1:2 with points pointtype 14 pointsize 1.3 linewidth 1.2 linecolor '#008b8b' title 'sample, run A (dominated)', \
  $d7 using 1:2 with points pointtype 12 pointsize 1.3 linewidth 1.2 linecolor '#5b8ed6' title 'widths, run A (dominated)', \
  $d8 using 1:2 with points pointtype 8 pointsize 1.3 linewidth 1.2 linecolor '#d1699a' title 'layerwise, run B (dominated)', \
  86.2 with lines linewidth 1.6 dashtype 2 linecolor '#606060' title 'float networks, mean: 86.2 %', \
  $front using 1:2 with steps linewidth 2.2 linecolor '#1c2f4a' title 'Pareto front, chosen on validation', \
  $f0 using 1:2 with points pointtype 7 pointsize 1.9 linewidth 1.5 linecolor '#1f4e8c' title 'joint, run C', \
  $f1 using 1:2 with points pointtype 13 pointsize 1.9 linewidth 1.5 linecolor '#c8641e' title 'trunk, run A', \
  $f2 using 1:2 with points pointtype 9 pointsize 1.9 linewidth 1.5 linecolor '#2f8f4e' title 'impq, run A', \
  $f3 using 1:2 with points pointtype 5 pointsize 1.9 linewidth 1.5 linecolor '#8a4fa3' title 'joint, run B', \
  $f4 using 1:2 with points pointtype 11 pointsize 1.9 linewidth 1.5 linecolor '#b8a00b' title 'fixed precision, run C', \
  $f6 using 1:2 with points pointtype 7 pointsize 1.9 linewidth 1.5 linecolor '#7a3b2e' title 'mixprec, run B', \
  NaN notitle
