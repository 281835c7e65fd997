# The points of a sweep in Octave: octave-cli points.m RESULTS.h5
#
# `load` makes a struct of /points: a column of numbers is a vector (a row), a column of texts a matrix of characters
# whose rows are filled up with zeros. Seeds above 2^53 and accuracies are doubles. The network of a point and its
# training stand in the groups of /tasks.
1;

function out = texts(column)
  # each row without its zeros
  out = cellfun(@(row) row(row != 0), cellstr(column), "UniformOutput", false);
end

results = load("-hdf5", argv(){end}, "points");
points = results.points;
strategy = texts(points.strategy);
front = find(points.on_front);
[~, order] = sort(points.size_bits(front));
printf("%d points, %d on the front\n", sum(strcmp(texts(points.role), "point")), numel(front));
for i = reshape(front(order), 1, [])
  printf("%5d  %-10s %9.4g kB  %6.2f %%\n", points.id(i), strategy{i}, points.size_bits(i) / 8000, ...
         100 * points.test_accuracy(i));
end
