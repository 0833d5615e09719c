// Float64 linear algebra on row-major matrices, after Golub and Van Loan, "Matrix computations", 4th edition. Included once for
// each kind of processor, inside a namespace, with LANES float64 to a vector.
//
// Every function is run by all threads of a team at once; a team has `index`, `size`, `wait()` (a barrier) and `ticket()` (0, 1, 2
// ... over all threads). Sums have an order that does not depend on the number of threads.

typedef double Lanes __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

// A tile of a product lives in registers: kTileRows x three vectors.
constexpr long kTileRows = LANES == 8 ? 8 : 4;
constexpr long kTileColumns = 3 * LANES;
// Depth that is multiplied at once: what a tile reads stays in the first two caches.
constexpr long kDepth = 256;
constexpr long kBlockRows = 96;
// float64 in a line of the cache.
constexpr long kLine = 8;
// ... and in a page of memory.
constexpr long kPage = 512;
// Pivots that are gathered before the rest of the matrix is updated.
constexpr long kPivots = 64;
// Values beside the diagonal of the band that a symmetric matrix passes through: whole tiles of every kind.
constexpr long kBand = 24;

inline long least(long a, long b) { return a < b ? a : b; }
inline long most(long a, long b) { return a > b ? a : b; }
inline long roundedUp(long value, long unit) { return (value + unit - 1) / unit * unit; }
inline Lanes& lanesAt(double* at) { return *reinterpret_cast<Lanes*>(at); }
inline Lanes lanesAt(const double* at) { return *reinterpret_cast<const Lanes*>(at); }

inline double sumOf(Lanes lanes) {
  double sum = 0;
  for (long lane = 0; lane < LANES; lane += 1) sum += lanes[lane];
  return sum;
}

inline double dot(const double* x, const double* y, long count) {
  Lanes sums[4] = {};
  long at = 0;
  for (; at + 4 * LANES <= count; at += 4 * LANES) {
    for (long part = 0; part < 4; part += 1) sums[part] += lanesAt(x + at + part * LANES) * lanesAt(y + at + part * LANES);
  }
  double sum = sumOf((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; at < count; at += 1) sum += x[at] * y[at];
  return sum;
}

// `good` becomes false where a value of this thread's share is not finite: zero times such a one is not zero.
template <typename Team, typename Value>
void allFinite(Team& team, const Value* values, long count, bool* good) {
  const long from = count * team.index / team.size, to = count * (team.index + 1) / team.size;
  constexpr long width = 64 / sizeof(Value);
  Value sums[4 * width] = {};
  long at = from;
  for (; at + 4 * width <= to; at += 4 * width) {
    for (long i = 0; i < 4 * width; i += 1) sums[i] += values[at + i] * 0;
  }
  for (long i = 0; at < to; at += 1, i += 1) sums[i] += values[at] * 0;
  bool all = true;
  for (long i = 0; i < 4 * width; i += 1) all = all && sums[i] == 0;
  if (!all) *good = false;
}

// One side of a product: value (k, i) lies at data[k * step + i * across]; `centre` is taken off each i.
template <typename Value>
struct Side {
  const Value* data;
  long step, across;
  const double* centre;
};

// Sides of a product without their first `k` and `i`.
template <typename Value>
inline Side<Value> without(Side<Value> side, long k, long i) {
  return {side.data + k * side.step + i * side.across, side.step, side.across,
          side.centre == nullptr ? nullptr : side.centre + i};
}

// Values (0 ... depth, 0 ... count) of a side as panels of `width`, one k after another within each, zeros behind `count`.
template <typename Value, long width>
inline void pack(Side<Value> side, long depth, long count, double* to) {
  const long whole = side.across == 1 ? count / width : 0;
  // Along the rows of the matrix: its columns, far apart, fall onto each other in the cache.
  for (long k = 0; k < depth && whole > 0; k += 1) {
    const Value* from = side.data + k * side.step;
    for (long panel = 0; panel < whole; panel += 1) {
      double* row = to + (panel * depth + k) * width;
      const long left = panel * width;
      if (side.centre == nullptr) {
        for (long i = 0; i < width; i += 1) row[i] = from[left + i];
      } else {
        for (long i = 0; i < width; i += 1) row[i] = from[left + i] - side.centre[left + i];
      }
    }
  }
  for (long i = whole * width; i < roundedUp(count, width); i += 1) {
    const double centre = side.centre == nullptr || i >= count ? 0 : side.centre[i];
    double* column = to + i / width * width * depth + i % width;
    for (long k = 0; k < depth; k += 1) {
      column[k * width] = i < count ? side.data[k * side.step + i * side.across] - centre : 0;
    }
  }
}

// The same of a symmetric matrix of which only values with k >= i are read: `depth` and `count` of them from (start, top) on.
template <typename Value, long width>
inline void packSymmetric(Side<Value> side, long start, long depth, long top, long count, double* to) {
  const Side<Value> turned{side.data, side.across, side.step, nullptr};
  for (long panel = 0; panel < count; panel += width) {
    const long first = top + panel, tall = least(width, count - panel);
    const long above = least(most(first - start, 0), depth), within = least(most(first + width - start, 0), depth);
    double* const own = to + panel * depth;
    pack<Value, width>(without(turned, start, first), above, tall, own);
    for (long k = above; k < within; k += 1) {
      for (long i = 0; i < width; i += 1) {
        const long one = start + k, other = first + i;
        own[k * width + i] = i < tall ? side.data[most(one, other) * side.step + least(one, other) * side.across] : 0;
      }
    }
    pack<Value, width>(without(side, start + within, first), depth - within, tall, own + within * width);
  }
}

inline void multiplyTile(const double* a, const double* b, long depth, double factor, double* c, long stride) {
  Lanes sums[kTileRows][3] = {};
  // What is added to is fetched while the products are made.
  for (long row = 0; row < kTileRows; row += 1) {
    for (long part = 0; part < 3; part += 1) __builtin_prefetch(c + row * stride + part * LANES, 1);
  }
  for (long k = 0; k < depth; k += 1) {
    const Lanes first = lanesAt(b), second = lanesAt(b + LANES), third = lanesAt(b + 2 * LANES);
#pragma GCC unroll 8
    for (long row = 0; row < kTileRows; row += 1) {
      sums[row][0] += a[row] * first;
      sums[row][1] += a[row] * second;
      sums[row][2] += a[row] * third;
    }
    a += kTileRows;
    b += kTileColumns;
  }
#pragma GCC unroll 8
  for (long row = 0; row < kTileRows; row += 1) {
    lanesAt(c + row * stride) += factor * sums[row][0];
    lanesAt(c + row * stride + LANES) += factor * sums[row][1];
    lanesAt(c + row * stride + 2 * LANES) += factor * sums[row][2];
  }
}

struct Shape {
  long rows, columns, depth;
  // Only values on and below the diagonal are wanted; those above are left as chance has it.
  bool lower = false;
  // Values (k, i) of the first side, (k, j) of the second, are zero for k < i, k < j.
  bool triangularRows = false, triangularColumns = false;
  // The first side is a symmetric matrix of which only values with k >= i are read; it has no centre.
  bool symmetric = false;
};

// float64 values of scratch that `multiply` needs: for all threads together, and the first part alone is shared.
inline long multiplyShared(long columns) { return roundedUp(columns, kTileColumns) * kDepth; }
constexpr long kMultiplyOwn = kBlockRows * kDepth;
inline long multiplyScratch(long columns, long threads) { return kLine + multiplyShared(columns) + threads * kMultiplyOwn; }

// C [rows, columns] += factor * A' B, its rows `stride` apart.
template <typename Team, typename Value>
void multiply(Team& team, Shape shape, Side<Value> a, Side<Value> b, double factor, double* c, long stride, double* scratch) {
  // A vector that lies across two lines of the cache is read twice.
  double* const packed = scratch + (kLine - reinterpret_cast<__UINTPTR_TYPE__>(scratch) / sizeof(double) % kLine);
  double* const own = packed + multiplyShared(shape.columns) + team.index * kMultiplyOwn;
  const long panels = (shape.columns + kTileColumns - 1) / kTileColumns;
  const long blocks = (shape.rows + kBlockRows - 1) / kBlockRows;
  for (long start = 0; start < shape.depth; start += kDepth) {
    const long end = least(start + kDepth, shape.depth), depth = end - start;
    // Panels that are not zero, shared out in runs.
    const long used = shape.triangularColumns ? least(panels, (end + kTileColumns - 1) / kTileColumns) : panels;
    const long from = used * team.index / team.size * kTileColumns, to = used * (team.index + 1) / team.size * kTileColumns;
    pack<Value, kTileColumns>(without(b, start, from), depth, least(to, shape.columns) - from, packed + from * depth);
    team.wait();
    // From the last on: where only the lower half is wanted, the last ones are the longest.
    for (long ticket = team.ticket(); ticket < blocks; ticket = team.ticket()) {
      const long top = (blocks - 1 - ticket) * kBlockRows, height = least(kBlockRows, shape.rows - top);
      if (shape.triangularRows && end <= top) continue;
      if (shape.symmetric) {
        packSymmetric<Value, kTileRows>(a, start, depth, top, height, own);
      } else {
        pack<Value, kTileRows>(without(a, start, top), depth, height, own);
      }
      for (long left = 0; left < shape.columns; left += kTileColumns) {
        if ((shape.lower && left >= top + height) || (shape.triangularColumns && end <= left)) break;
        const long width = least(kTileColumns, shape.columns - left);
        for (long row = 0; row < height; row += kTileRows) {
          const long tall = least(kTileRows, height - row);
          if (shape.lower && left >= top + row + tall) continue;
          double* to = c + (top + row) * stride + left;
          if (width == kTileColumns && tall == kTileRows) {
            multiplyTile(own + row * depth, packed + left * depth, depth, factor, to, stride);
            continue;
          }
          double tile[kTileRows * kTileColumns] = {};
          multiplyTile(own + row * depth, packed + left * depth, depth, factor, tile, kTileColumns);
          for (long i = 0; i < tall; i += 1) {
            for (long j = 0; j < width; j += 1) to[i * stride + j] += tile[i * kTileColumns + j];
          }
        }
      }
    }
    team.wait();
    team.rewind();
    team.wait();
  }
}

// Memory that is still fresh and is first read, then written, is had page by page twice over, and all threads wait each time: a write
// alone spares that. Values stay.
template <typename Team>
void takePages(Team& team, double* values, long count) {
  const long pages = (count + kPage - 1) / kPage;
  for (long page = pages * team.index / team.size; page < pages * (team.index + 1) / team.size; page += 1) {
    __atomic_fetch_or(reinterpret_cast<long long*>(values + page * kPage), 0, __ATOMIC_RELAXED);
  }
}

// C [rows, columns] = A B from zeros on; A [rows, inner] or, turned, its transpose, and B [inner, columns] likewise.
template <typename Team>
void multiplyPlain(Team& team, const double* a, bool aTurned, const double* b, bool bTurned, long rows, long columns, long inner,
                   double* c, double* scratch) {
  takePages(team, c, rows * columns);
  const Side<double> left{a, aTurned ? rows : 1, aTurned ? 1 : inner, nullptr};
  const Side<double> right{b, bTurned ? 1 : columns, bTurned ? inner : 1, nullptr};
  multiply(team, {rows, columns, inner}, left, right, 1, c, columns, scratch);
}

// values [rows, columns] = (gamma products + coefficient)^degree; sums [rows, width] = values weights, weights [columns, width];
// columnSums [columns] = the sums of values' columns.
template <typename Team>
void kernelSums(Team& team, const float* products, long rows, long columns, long degree, double gamma, double coefficient,
                const double* weights, long width, double* values, double* sums, double* columnSums, double* scratch) {
  for (long row = team.index; row < rows; row += team.size) {
    for (long column = 0; column < columns; column += 1) {
      const double base = gamma * products[row * columns + column] + coefficient;
      double value = base;
      for (long power = 1; power < degree; power += 1) value *= base;
      values[row * columns + column] = value;
    }
    for (long part = 0; part < width; part += 1) sums[row * width + part] = 0;
  }
  team.wait();
  const long share = roundedUp((columns + team.size - 1) / team.size, kLine);
  const long left = least(team.index * share, columns), right = least(left + share, columns);
  for (long column = left; column < right; column += 1) columnSums[column] = 0;
  for (long row = 0; row < rows; row += 1) {
    for (long column = left; column < right; column += 1) columnSums[column] += values[row * columns + column];
  }
  const Side<double> kernel{values, 1, columns, nullptr}, weight{weights, width, 1, nullptr};
  multiply(team, {rows, width, columns}, kernel, weight, 1, sums, width, scratch);
}

// Column means of x [rows, columns].
template <typename Team, typename Value>
void columnMeans(Team& team, const Value* x, long rows, long columns, double* mean) {
  const long width = roundedUp((columns + team.size - 1) / team.size, LANES);
  const long left = least(team.index * width, columns), right = least(left + width, columns);
  for (long column = left; column < right; column += 1) mean[column] = 0;
  for (long row = 0; row < rows; row += 1) {
    for (long column = left; column < right; column += 1) mean[column] += x[row * columns + column];
  }
  for (long column = left; column < right; column += 1) mean[column] /= rows;
  team.wait();
}

inline long addMomentsScratch(long columns, long threads) { return 2 * columns + multiplyScratch(columns, threads); }

// mean [columns] and the lower triangle of scatter [columns, columns], the scatter about that mean, of `count` earlier rows become
// those with x [rows, columns] among them (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm", 1979).
template <typename Team, typename Value>
void addMoments(Team& team, const Value* x, long rows, long columns, long count, double* mean, double* scatter, double* scratch) {
  double* const own = scratch;
  double* const apart = own + columns;
  if (count == 0) takePages(team, scatter, columns * columns);
  columnMeans(team, x, rows, columns, own);
  if (team.index == 0) {
    for (long column = 0; column < columns; column += 1) {
      apart[column] = own[column] - mean[column];
      mean[column] += apart[column] * rows / (count + rows);
    }
  }
  const Side<Value> side{x, columns, 1, own};
  multiply(team, {columns, columns, rows, true}, side, side, 1, scatter, columns, apart + columns);
  const double weight = static_cast<double>(count) / (count + rows) * rows;
  for (long row = team.index; row < columns && weight != 0; row += team.size) {
    const double scaled = weight * apart[row];
    for (long column = 0; column <= row; column += 1) scatter[row * columns + column] += scaled * apart[column];
  }
}

// The pivots' own block [size, size], in place; false where a pivot is not positive.
inline bool factorBlock(double* a, long stride, long size) {
  for (long row = 0; row < size; row += 1) {
    for (long column = 0; column <= row; column += 1) {
      const double value = a[row * stride + column] - dot(a + row * stride, a + column * stride, column);
      if (column < row) {
        a[row * stride + column] = value / a[column * stride + column];
      } else if (value > 0) {
        a[row * stride + row] = __builtin_sqrt(value);
      } else {
        return false;
      }
    }
  }
  return true;
}

inline long choleskyScratch(long size, long threads) { return kPivots * size + multiplyScratch(size, threads); }

// a [size, size], with zeros above its diagonal, the lower L of A = L L', of which the lower triangle is read; false where A is not
// positive definite.
template <typename Team>
bool cholesky(Team& team, const double* symmetric, double* a, long size, double* scratch, bool* good) {
  double* const products = scratch + kPivots * size;
  for (long row = team.index; row < size; row += team.size) {
    for (long column = 0; column <= row; column += 1) a[row * size + column] = symmetric[row * size + column];
  }
  team.wait();
  for (long start = 0; start < size; start += kPivots) {
    const long end = least(start + kPivots, size), pivots = end - start, left = size - end;
    const double* block = a + start * size + start;
    if (team.index == 0) *good = factorBlock(a + start * size + start, size, pivots);
    team.wait();
    if (!*good) return false;
    // L21 = A21 L11^-T, for some rows at once, turned so that they lie side by side.
    constexpr long chunk = 8 * LANES;
    for (long first = team.index * chunk; first < left; first += team.size * chunk) {
      const long width = least(chunk, left - first);
      double turned[kPivots][chunk];
      for (long i = 0; i < chunk; i += 1) {
        for (long k = 0; k < pivots; k += 1) turned[k][i] = i < width ? a[(end + first + i) * size + start + k] : 0;
      }
      for (long k = 0; k < pivots; k += 1) {
        Lanes row[8];
        for (long part = 0; part < 8; part += 1) row[part] = lanesAt(turned[k] + part * LANES);
        for (long earlier = 0; earlier < k; earlier += 1) {
          const double weight = block[k * size + earlier];
          for (long part = 0; part < 8; part += 1) row[part] -= weight * lanesAt(turned[earlier] + part * LANES);
        }
        const double pivot = block[k * size + k];
        for (long part = 0; part < 8; part += 1) lanesAt(turned[k] + part * LANES) = row[part] / pivot;
      }
      for (long i = 0; i < width; i += 1) {
        for (long k = 0; k < pivots; k += 1) a[(end + first + i) * size + start + k] = turned[k][i];
      }
      for (long k = 0; k < pivots; k += 1) {
        for (long i = 0; i < width; i += 1) scratch[k * left + first + i] = turned[k][i];
      }
    }
    team.wait();
    if (left == 0) break;
    const Side<double> side{scratch, left, 1, nullptr};
    multiply(team, {left, left, pivots, true}, side, side, -1, a + end * size + end, size, products);
  }
  for (long row = team.index; row < size; row += team.size) {
    for (long column = row + 1; column < size; column += 1) a[row * size + column] = 0;
  }
  team.wait();
  return true;
}

// result [size, size] = the symmetric matrix of which `lower` is a multiple, by `divisor`, in its lower triangle.
template <typename Team>
void mirror(Team& team, const double* lower, long size, double divisor, double* result) {
  // Square blocks: whoever writes along columns alone misses the cache at every step.
  constexpr long block = 32;
  const long blocks = (size + block - 1) / block;
  for (long pair = team.ticket(); pair < blocks; pair = team.ticket()) {
    const long top = (blocks - 1 - pair) * block, bottom = least(top + block, size);
    for (long left = 0; left <= top; left += block) {
      for (long row = top; row < bottom; row += 1) {
        for (long column = left; column < least(left + block, row + 1); column += 1) {
          result[row * size + column] = lower[row * size + column] / divisor;
        }
      }
      for (long column = left; column < least(left + block, size); column += 1) {
        for (long row = most(top, column + 1); row < bottom; row += 1) {
          result[column * size + row] = result[row * size + column];
        }
      }
    }
  }
}

// The largest size of a value of this thread's share of a [size, size], and of a difference between one and that across the
// diagonal.
template <typename Team>
void triangles(Team& team, const double* a, long size, double* largest, double* apart) {
  constexpr long block = 32;
  const long blocks = (size + block - 1) / block;
  double most = 0, widest = 0;
  for (long pair = team.ticket(); pair < blocks; pair = team.ticket()) {
    const long top = (blocks - 1 - pair) * block, bottom = least(top + block, size);
    for (long left = 0; left <= top; left += block) {
      for (long row = top; row < bottom; row += 1) {
        for (long column = left; column < least(left + block, row + 1); column += 1) {
          const double value = a[row * size + column], gap = __builtin_fabs(value - a[column * size + row]);
          most = most < __builtin_fabs(value) ? __builtin_fabs(value) : most;
          widest = widest < gap ? gap : widest;
        }
      }
    }
  }
  *largest = most;
  *apart = widest;
}

inline long congruenceScratch(long size, long threads) { return size * size + multiplyScratch(size, threads); }

// Lower triangle of result = L' S L, for L lower triangular with zeros above and S symmetric, all [size, size].
template <typename Team>
void congruence(Team& team, const double* lower, const double* symmetric, long size, double* result, double* scratch) {
  double* const products = scratch + size * size;
  for (long row = team.index; row < size; row += team.size) {
    for (long column = 0; column < size; column += 1) scratch[row * size + column] = result[row * size + column] = 0;
  }
  team.wait();
  const Side<double> l{lower, size, 1, nullptr}, s{symmetric, size, 1, nullptr}, sl{scratch, size, 1, nullptr};
  multiply(team, {size, size, size, false, false, true}, s, l, 1, scratch, size, products);
  multiply(team, {size, size, size, true, true, false}, l, sl, 1, result, size, products);
}

// The largest size of a value in the lower triangle.
inline double largestSize(const double* a, long size) {
  double largest = 0;
  for (long row = 0; row < size; row += 1) {
    for (long column = 0; column <= row; column += 1) {
      const double value = __builtin_fabs(a[row * size + column]);
      // Not a number stays.
      if (!(value <= largest)) largest = value;
    }
  }
  return largest;
}

// to[i] -= the sum over k of p[k] x[k][i], for kBand rows of x that lie `size` apart.
inline void subtractRows(const double* x, const double* p, long size, long start, long end, double* to) {
  long i = start;
  for (; i + 4 * LANES <= end; i += 4 * LANES) {
    Lanes sums[4] = {};
    for (long k = 0; k < kBand; k += 1) {
      for (long part = 0; part < 4; part += 1) sums[part] += lanesAt(x + k * size + i + part * LANES) * p[k];
    }
    for (long part = 0; part < 4; part += 1) lanesAt(to + i + part * LANES) -= sums[part];
  }
  for (; i < end; i += 1) {
    double sum = 0;
    for (long k = 0; k < kBand; k += 1) sum += x[k * size + i] * p[k];
    to[i] -= sum;
  }
}

// I - beta v v' takes some x to `length` e1.
struct Reflection {
  double beta, length;
};
// The reflection of x [count]; v [count] is written. Squares must neither overflow nor vanish.
inline Reflection reflectionOf(const double* x, long count, double* v) {
  const double rest = dot(x + 1, x + 1, count - 1), root = __builtin_sqrt(x[0] * x[0] + rest);
  const double length = rest == 0 ? x[0] : x[0] > 0 ? -root : root;
  v[0] = x[0] - length;
  for (long i = 1; i < count; i += 1) v[i] = x[i];
  return {rest == 0 ? 0 : 1 / (length * (length - x[0])), length};
}

// A band of a symmetric matrix, its lower half and room for as much below it: value (row, column) lies at row * kBandStep + column.
constexpr long kBandStep = 2 * kBand;
inline long bandSize(long size) { return (size + 2) * (kBandStep + 1); }

inline long toBandScratch(long size, long threads) { return (5 * kBand) * size + (kBand + 1) * kBand + multiplyScratch(size, threads); }

// Householder reflections take a symmetric A (its lower triangle is read and overwritten) to a band, kBand columns at a time. With
// I - V T V' the reflections of a panel, A <- A - V W' - W V' for Y = A V T and W = Y - V T' V' Y / 2 (Bischof, Lang and Sun, "A
// framework for symmetric band reduction", 2000). Values must be so scaled that their squares neither overflow nor vanish.
template <typename Team>
void toBand(Team& team, double* a, long size, double* band, double* scratch) {
  // Rows [V; W; V]: both orders of the update lie one after another.
  double* const v = scratch;
  double* const w = v + kBand * size;
  double* const again = w + kBand * size;
  double* const panel = again + kBand * size;
  double* const product = panel + kBand * size;
  double* const dots = product + kBand * size;
  double* const betas = dots + kBand * kBand;
  double* const products = betas + kBand;
  if (team.index == 0) {
    for (long at = 0; at < bandSize(size); at += 1) band[at] = 0;
  }
  team.wait();
  for (long start = 0; start < size; start += kBand) {
    const long first = start + kBand, left = size - first;
    for (long row = start + team.index; row < least(first, size); row += team.size) {
      for (long column = start; column <= row; column += 1) band[row * kBandStep + column] = a[row * size + column];
    }
    if (left <= 0) break;
    const long share = roundedUp((left + team.size - 1) / team.size, kLine);
    const long top = least(team.index * share, left), bottom = least(top + share, left);
    for (long row = top; row < bottom; row += 1) {
      for (long column = 0; column < kBand; column += 1) {
        panel[column * size + row] = a[(first + row) * size + start + column];
        product[row * kBand + column] = 0;
      }
    }
    team.wait();
    for (long column = 0; column < kBand; column += 1) {
      double* const own = v + column * size;
      if (team.index == 0) {
        for (long row = 0; row < least(column, left); row += 1) own[row] = 0;
        betas[column] = 0;
        if (column < left) {
          const Reflection found = reflectionOf(panel + column * size + column, left - column, own + column);
          betas[column] = found.beta;
          band[(first + column) * kBandStep + start + column] = found.length;
        }
      }
      team.wait();
      for (long later = column + 1 + team.index; later < kBand && betas[column] != 0; later += team.size) {
        double* const values = panel + later * size;
        const double weight = betas[column] * dot(own + column, values + column, left - column);
        for (long row = column; row < left; row += 1) values[row] -= weight * own[row];
      }
      team.wait();
    }
    for (long column = team.index; column < kBand; column += team.size) {
      for (long row = 0; row < least(column, left); row += 1) {
        band[(first + row) * kBandStep + start + column] = panel[column * size + row];
      }
      for (long row = 0; row < left; row += 1) again[column * size + row] = v[column * size + row];
      for (long k = 0; k < column; k += 1) dots[k * kBand + column] = dot(v + k * size, v + column * size, left);
    }
    team.wait();
    double t[kBand][kBand] = {};
    for (long column = 0; column < kBand; column += 1) {
      t[column][column] = betas[column];
      for (long row = 0; row < column; row += 1) {
        double sum = 0;
        for (long k = row; k < column; k += 1) sum += t[row][k] * dots[k * kBand + column];
        t[row][column] = -betas[column] * sum;
      }
    }
    double* const rest = a + first * size + first;
    Shape shape{left, kBand, left};
    shape.symmetric = true;
    multiply(team, shape, Side<double>{rest, size, 1, nullptr},
             Side<double>{v, 1, size, nullptr}, 1, product, kBand, products);
    // Rows of W lie far apart: as many values of each as a line of the cache holds, one row after another.
    for (long row = top; row < bottom; row += kLine) {
      const long tall = least(kLine, bottom - row);
      double turned[kBand][kLine];
      for (long i = 0; i < tall; i += 1) {
        double sums[kBand] = {};
        for (long k = 0; k < kBand; k += 1) {
          const double value = product[(row + i) * kBand + k];
          for (long column = 0; column < kBand; column += 1) sums[column] += value * t[k][column];
        }
        for (long column = 0; column < kBand; column += 1) turned[column][i] = sums[column];
      }
      for (long column = 0; column < kBand; column += 1) {
        for (long i = 0; i < tall; i += 1) w[column * size + row + i] = turned[column][i];
      }
    }
    team.wait();
    for (long pair = team.index; pair < kBand * kBand; pair += team.size) {
      dots[pair] = dot(v + pair / kBand * size, w + pair % kBand * size, left);
    }
    team.wait();
    // T' V' Y / 2, turned.
    double half[kBand][kBand] = {};
    for (long row = 0; row < kBand; row += 1) {
      for (long k = 0; k <= row; k += 1) {
        const double weight = t[k][row] / 2;
        for (long column = 0; column < kBand; column += 1) half[column][row] += weight * dots[k * kBand + column];
      }
    }
    for (long column = 0; column < kBand; column += 1) subtractRows(v, half[column], size, top, bottom, w + column * size);
    team.wait();
    multiply(team, {left, left, 2 * kBand, true}, Side<double>{v, size, 1, nullptr},
             Side<double>{w, size, 1, nullptr}, -1, rest, size, products);
  }
  team.wait();
}

// Vectors of kBand values.
constexpr long kParts = kBand / LANES;

// The first `count` lanes, and zeros behind them.
inline Lanes firstLanes(Lanes lanes, long count) {
  typedef long long Bits __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
  static constexpr struct Masks {
    long long bits[2 * LANES];
    constexpr Masks() : bits() {
      for (long i = 0; i < LANES; i += 1) bits[i] = -1;
    }
  } masks;
  return (Lanes)((Bits)lanes & *reinterpret_cast<const Bits*>(masks.bits + LANES - count));
}

// D [height, height] of a band, its lower triangle, between two reflections I - beta v v'; v [kBand] has zeros behind `height`.
inline void reflectSquare(double* d, long height, const double* v, double beta) {
  Lanes columnSums[kParts] = {};
  double rowSums[kBand] = {};
  for (long row = 0; row < height; row += 1) {
    const double *values = d + row * kBandStep, own = v[row];
    Lanes sums = {};
    for (long left = 0; left <= row; left += LANES) {
      // The diagonal belongs to its row.
      const Lanes lanes = firstLanes(lanesAt(values + left), least(row - left, LANES));
      sums += lanes * lanesAt(v + left);
      columnSums[left / LANES] += lanes * own;
    }
    rowSums[row] = sumOf(sums) + values[row] * own;
  }
  Lanes along = {};
  for (long part = 0; part < kParts; part += 1) {
    columnSums[part] = beta * (columnSums[part] + lanesAt(rowSums + part * LANES));
    along += columnSums[part] * lanesAt(v + part * LANES);
  }
  const double half = beta * sumOf(along) / 2;
  double w[kBand];
  for (long part = 0; part < kParts; part += 1) {
    lanesAt(w + part * LANES) = columnSums[part] - half * lanesAt(v + part * LANES);
  }
  for (long row = 0; row < height; row += 1) {
    for (long left = 0; left <= row; left += LANES) {
      const Lanes change = v[row] * lanesAt(w + left) + w[row] * lanesAt(v + left);
      lanesAt(d + row * kBandStep + left) -= firstLanes(change, least(row + 1 - left, LANES));
    }
  }
}

// B (I - beta v v') of a block B [height, kBand] of a band.
inline void reflectFromRight(double* b, long height, const double* v, double beta) {
  for (long row = 0; row < height; row += 1) {
    double* values = b + row * kBandStep;
    Lanes sums = {};
    for (long left = 0; left < kBand; left += LANES) sums += lanesAt(values + left) * lanesAt(v + left);
    const double weight = beta * sumOf(sums);
    for (long left = 0; left < kBand; left += LANES) lanesAt(values + left) -= weight * lanesAt(v + left);
  }
}

// (I - beta v v') B of such a block.
inline void reflectFromLeft(double* b, long height, const double* v, double beta) {
  Lanes sums[kParts] = {};
  for (long row = 0; row < height; row += 1) {
    for (long part = 0; part < kParts; part += 1) sums[part] += v[row] * lanesAt(b + row * kBandStep + part * LANES);
  }
  for (long row = 0; row < height; row += 1) {
    const double weight = beta * v[row];
    for (long part = 0; part < kParts; part += 1) lanesAt(b + row * kBandStep + part * LANES) -= weight * sums[part];
  }
}

// The reflection of the first column of a block; v [kBand] gets zeros behind `height`.
inline Reflection firstColumn(const double* block, long height, double* v) {
  double x[kBand];
  for (long row = 0; row < kBand; row += 1) x[row] = v[row] = row < height ? block[row * kBandStep] : 0;
  return reflectionOf(x, height, v);
}
inline void setFirstColumn(double* block, long height, double length) {
  for (long row = 0; row < height; row += 1) block[row * kBandStep] = row == 0 ? length : 0;
}

// A band, which is lost, to tridiagonal form: each column's reflection fills a block below the band, whose first column the next
// reflection takes out, and so on to the end (Lang, "A parallel algorithm for reducing symmetric banded matrices to tridiagonal
// form", 1993).
inline void bandToTridiagonal(double* band, long size, double* diagonal, double* beside) {
  for (long column = 0; column < size; column += 1) {
    diagonal[column] = band[column * kBandStep + column];
    long top = column + 1, height = least(kBand, size - top);
    if (height == 0) break;
    double v[kBand];
    double* block = band + top * kBandStep + column;
    Reflection found = firstColumn(block, height, v);
    setFirstColumn(block, height, found.length);
    beside[column] = found.length;
    while (found.beta != 0) {
      reflectSquare(band + top * kBandStep + top, height, v, found.beta);
      if (top + kBand >= size) break;
      block = band + (top + kBand) * kBandStep + top;
      top += kBand;
      height = least(kBand, size - top);
      reflectFromRight(block, height, v, found.beta);
      found = firstColumn(block, height, v);
      reflectFromLeft(block, height, v, found.beta);
      setFirstColumn(block, height, found.length);
    }
  }
}

// Eigenvalues of a symmetric tridiagonal matrix, in no order, in place of `diagonal`; `beside` is lost. QL in the form of Pal,
// Walker and Kahan, which takes no root within a round (Parlett, "The symmetric eigenvalue problem", 1998, 8.15). False where a
// value does not settle.
inline bool tridiagonalEigenvalues(double* diagonal, double* beside, long size) {
  constexpr double epsilon = 0x1p-52;
  constexpr int mostRounds = 60;
  double largest = 0;
  for (long i = 0; i < size; i += 1) {
    largest = largest < __builtin_fabs(diagonal[i]) ? __builtin_fabs(diagonal[i]) : largest;
    if (i + 1 < size && largest < __builtin_fabs(beside[i])) largest = __builtin_fabs(beside[i]);
  }
  double* const squares = beside;
  for (long i = 0; i + 1 < size; i += 1) squares[i] = beside[i] * beside[i];
  // Rounding alone puts epsilon * largest into every value.
  const double nothing = epsilon * largest * (epsilon * largest);
  for (long low = 0; low < size; low += 1) {
    for (int round = 0;; round += 1) {
      long high = low;
      for (; high + 1 < size; high += 1) {
        const double around = __builtin_fabs(diagonal[high]) + __builtin_fabs(diagonal[high + 1]);
        const double small = epsilon * around * (epsilon * around);
        if (squares[high] <= (small > nothing ? small : nothing)) break;
      }
      if (high == low) break;
      if (round == mostRounds) return false;
      const double root = __builtin_sqrt(squares[low]), p = diagonal[low];
      const double ratio = (diagonal[low + 1] - p) / (2 * root), hypotenuse = __builtin_sqrt(ratio * ratio + 1);
      const double shift = p - root / (ratio + (ratio < 0 ? -hypotenuse : hypotenuse));
      double cosine = 1, sine = 0, gamma = diagonal[high] - shift, square = gamma * gamma;
      for (long i = high - 1; i >= low; i -= 1) {
        const double b = squares[i], r = square + b;
        if (i != high - 1) squares[i + 1] = sine * r;
        const double oldCosine = cosine, oldGamma = gamma, value = diagonal[i];
        cosine = square / r;
        sine = b / r;
        gamma = cosine * (value - shift) - sine * oldGamma;
        diagonal[i + 1] = oldGamma + (value - gamma);
        square = cosine != 0 ? gamma * gamma / cosine : oldCosine * b;
      }
      squares[low] = sine * square;
      diagonal[low] = shift + gamma;
    }
  }
  return true;
}
