// Float64 linear algebra on row-major matrices, after Golub and Van Loan, "Matrix computations", 4th edition. Included once for
// each kind of processor, inside a namespace, with LANES float64 to a vector.
//
// Every function is run by all threads of a team at once; a team has `index`, `size`, `wait()` (a barrier), `pause()` (one
// look for another thread) and `ticket()` (0, 1, 2 ... over all threads). Sums have an order that does not depend on the number of threads.

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

// sums [kTileRows, three vectors] += A' B over `depth` values of k: (k, row) of A lies at a[k * step + row * across], row k of B at
// b + k * stride.
__attribute__((always_inline)) inline void addProducts(const double* a, long step, long across, const double* b, long stride,
                                                       long depth, Lanes sums[kTileRows][3]) {
  for (long k = 0; k < depth; k += 1) {
    const Lanes first = lanesAt(b), second = lanesAt(b + LANES), third = lanesAt(b + 2 * LANES);
#pragma GCC unroll 8
    for (long row = 0; row < kTileRows; row += 1) {
      sums[row][0] += a[row * across] * first;
      sums[row][1] += a[row * across] * second;
      sums[row][2] += a[row * across] * third;
    }
    a += step;
    b += stride;
  }
}

inline void multiplyTile(const double* a, const double* b, long depth, double factor, double* c, long stride) {
  Lanes sums[kTileRows][3] = {};
  // What is added to is fetched while the products are made.
  for (long row = 0; row < kTileRows; row += 1) {
    for (long part = 0; part < 3; part += 1) __builtin_prefetch(c + row * stride + part * LANES, 1);
  }
  addProducts(a, kTileRows, 1, b, kTileColumns, depth, sums);
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
  // Values (k, j) of the second side are zero for k < j.
  bool triangular = false;
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
  // Few rows are cut into enough blocks for all threads.
  const long tallest = most(kTileRows, least(kBlockRows, roundedUp(shape.rows / (2 * team.size), kTileRows)));
  const long blocks = (shape.rows + tallest - 1) / tallest;
  for (long start = 0; start < shape.depth; start += kDepth) {
    const long end = least(start + kDepth, shape.depth), depth = end - start;
    // Panels that are not zero, shared out in runs.
    const long used = shape.triangular ? least(panels, (end + kTileColumns - 1) / kTileColumns) : panels;
    const long from = used * team.index / team.size * kTileColumns, to = used * (team.index + 1) / team.size * kTileColumns;
    pack<Value, kTileColumns>(without(b, start, from), depth, least(to, shape.columns) - from, packed + from * depth);
    team.wait();
    // From the last on: where only the lower half is wanted, the last ones are the longest.
    for (long ticket = team.ticket(); ticket < blocks; ticket = team.ticket()) {
      const long top = (blocks - 1 - ticket) * tallest, height = least(tallest, shape.rows - top);
      pack<Value, kTileRows>(without(a, start, top), depth, height, own);
      for (long left = 0; left < shape.columns; left += kTileColumns) {
        if ((shape.lower && left >= top + height) || (shape.triangular && end <= left)) break;
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

// Rows of S that are taken at once.
constexpr long kTaken = 96;

inline long congruenceScratch(long size, long threads) {
  return 3 * kTaken * size + 2 * kTaken * kTaken + multiplyScratch(size, threads);
}

// Lower triangle of A = L' S L for L lower triangular, with zeros above, and the lower triangle of a symmetric S, some rows K of both
// after those P that are done: with them A grows by L_K' W + (S_KP L_P)' L_K for W = S_KP L_P + S_KK L_K, and gets the rows
// L_KK' [W, S_KK L_KK] (a way to go that LAPACK's dsygst has as well).
template <typename Team>
void congruence(Team& team, const double* lower, const double* symmetric, long size, double* a, double* scratch) {
  // [W; L_K; S_KP L_P]: both sides of a product lie one after another.
  double* const w = scratch;
  double* const own = w + kTaken * size;
  double* const before = own + kTaken * size;
  double* const square = before + kTaken * size;
  double* const corner = square + kTaken * kTaken;
  double* const products = corner + kTaken * kTaken;
  const Side<double> l{lower, size, 1, nullptr};
  for (long start = 0; start < size; start += kTaken) {
    const long height = least(kTaken, size - start);
    for (long i = team.index; i < kTaken; i += team.size) {
      for (long j = 0; j < start; j += 1) {
        own[i * size + j] = i < height ? lower[(start + i) * size + j] : 0;
        before[i * size + j] = 0;
      }
      for (long j = 0; j < height && i < height; j += 1) {
        square[i * kTaken + j] = symmetric[(start + most(i, j)) * size + start + least(i, j)];
        corner[i * kTaken + j] = 0;
      }
      for (long j = 0; j < start + height && i < height; j += 1) a[(start + i) * size + j] = 0;
    }
    team.wait();
    const Side<double> middle{square, kTaken, 1, nullptr}, block = without(l, start, start);
    Shape shape{height, start, start};
    shape.triangular = true;
    multiply(team, shape, Side<double>{symmetric + start * size, 1, size, nullptr}, l, 1, before, size, products);
    for (long i = team.index; i < kTaken; i += team.size) std::memcpy(w + i * size, before + i * size, start * sizeof(double));
    team.wait();
    multiply(team, {height, start, height}, middle, Side<double>{own, size, 1, nullptr}, 1, w, size, products);
    multiply(team, {start, start, 2 * kTaken, true}, Side<double>{own, size, 1, nullptr}, Side<double>{w, size, 1, nullptr}, 1, a, size,
             products);
    multiply(team, {height, start, height}, block, Side<double>{w, size, 1, nullptr}, 1, a + start * size, size, products);
    multiply(team, {height, height, height}, middle, block, 1, corner, kTaken, products);
    multiply(team, {height, height, height, true}, block, Side<double>{corner, kTaken, 1, nullptr}, 1, a + start * size + start, size,
             products);
  }
}
