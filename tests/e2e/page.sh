# The report page in a real browser without a screen: it draws, hovering and filtering work, no error, no request.
. tests/support/e2e.sh
browser=$(command -v chromium || command -v google-chrome || true)
small_sweep "$work/small.cfg"
run="$work/<b>x"
alone sweep "$work/small.cfg" --out "$run"
expect 0 "8 tasks done" "sweep"
printf 'name,size_bits,test_accuracy\n"</script><script>document.title=1</script>",9000,0.5\n' > "$work/published.csv"
alone report "$run" -o "$work/page.html" --published "$work/published.csv"
expect 0 "page     $work/page.html" "report"
sed '/<script id="library">/,/<\/script>/d; /<details id="d3-licence">/,/<\/details>/d' "$work/page.html" \
    > "$work/ours.html"
check "the page names no address but that of SVG" \
    test "$(grep -o 'https\?://[^"]*' "$work/ours.html" | sort -u)" = "http://www.w3.org/2000/svg"
check "texts of files start no element" test "$(grep -c '<b>x\|document.title=1</script>' "$work/page.html")" = 0
alone report "$run"
expect 0 "$run/report.html" "report without -o"
alone report "$run/results.h5" -o "$work/file.html"
expect 0 "file.html" "report of a results file alone"
alone report "$work/nothing"
expect 2 "there is no run" "report of nothing"
if [ -z "$browser" ]; then
    echo "skipped: the page in a browser: neither chromium nor google-chrome is installed"
    exit $failures
fi

# A copy of the page that tries itself and writes what it found into an element of its own.
cat > "$work/first.js" <<'EOF'
<script>var faults = []; addEventListener("error", (e) => faults.push(e.message));
addEventListener("securitypolicyviolation", (e) => faults.push(e.violatedDirective));
for (const kind of ["error", "warn"]) console[kind] = (...words) => faults.push(words.join(" "));</script>
EOF
cat > "$work/last.js" <<'EOF'
<script>{
const found = {}, all = document.querySelectorAll("#front .point").length;
found.points = all;
document.querySelector("#front .point").dispatchEvent(new MouseEvent("mouseenter", { clientX: 50, clientY: 50 }));
found.tip = !document.getElementById("tip").hidden && document.getElementById("tip").textContent.startsWith("point ");
document.querySelector("#front .point").dispatchEvent(new MouseEvent("mouseleave"));
found.gone = document.getElementById("tip").hidden;
const texts = () => [...document.querySelectorAll("#front > text")].map((e) => e.textContent).join(" ");
const before = texts(), svg = document.getElementById("front"), place = svg.getBoundingClientRect();
const middle = { clientX: place.x + place.width / 2, clientY: place.y + place.height / 2 };
svg.dispatchEvent(new WheelEvent("wheel", { deltaY: -500, ctrlKey: true, cancelable: true, ...middle }));
found.library = Boolean(window.d3);
found.zoomed = texts() !== before;
svg.dispatchEvent(new MouseEvent("dblclick", middle));
found.back = texts() === before;
const boxes = [...document.querySelectorAll("#filters input")];
boxes[0].click();
found.filtered = document.querySelectorAll("#front .point").length;
found.rows = document.querySelectorAll("#body tr").length;
boxes[0].click();
document.querySelector("#body tr").click();
found.bars = document.querySelectorAll("#bits rect").length;
found.curve = document.querySelectorAll("#curve polyline").length;
const heads = document.querySelectorAll("#head button");
heads[heads.length - 1].click();
const shown = [...document.querySelectorAll("#body tr td:last-child")].map((e) => Number(e.textContent));
found.sorted = shown.every((v, i) => !i || shown[i - 1] <= v);
const cost = document.getElementById("cost");
for (const o of cost.options) { cost.value = o.value; cost.dispatchEvent(new Event("change")); }
const limit = document.getElementById("limit");
limit.value = "1e-9"; limit.dispatchEvent(new Event("input"));
found.none = document.getElementById("best").textContent.startsWith("No point");
found.wide = document.documentElement.scrollWidth <= innerWidth;
found.requests = performance.getEntriesByType("resource").length;
found.schedule = document.querySelectorAll("#schedule rect").length;
found.title = document.title;
found.faults = faults;
const out = document.createElement("pre"); out.id = "found"; out.textContent = JSON.stringify(found);
document.body.append(out);
}</script>
EOF
sed -e "/<meta charset/r $work/first.js" -e "/^<\/body>/,\$d" "$work/page.html" |
    sed 's|</body></html>||' > "$work/tried.html"
cat "$work/last.js" >> "$work/tried.html"
if grep -q '<script id="library">' "$work/page.html"; then
    library=true
else
    echo "skipped: zooming: this build has no D3"
    library=false
fi
for width in 1400 500; do
    HOME=$work timeout 240 "$browser" --headless=new --no-sandbox --disable-gpu --window-size=$width,1200 \
        --virtual-time-budget=3000 \
        --dump-dom "file://$work/tried.html" > "$work/dom" 2> "$work/browser"
    grep -o '<pre id="found">.*</pre>' "$work/dom" | sed 's/&lt;/</g; s/&gt;/>/g' > "$work/out"
    for promise in "\"library\":$library" "\"zoomed\":$library" '"back":true' '"points":6' '"tip":true' \
        '"gone":true' '"filtered":[0-5],' '"rows":[0-5],' '"bars":[1-9]' '"curve":2' '"sorted":true' \
        '"none":true' '"wide":true' '"requests":0' '"schedule":8' '"title":"small: Pareto front' '"faults":\[\]'; do
        check "$width pixels: $promise" grep -q "$promise" "$work/out"
    done
done
exit $failures
