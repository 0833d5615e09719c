// Float64 linear algebra on row-major matrices, after Golub and Van Loan, "Matrix computations", 4th edition. Included once for
// each kind of processor, inside a namespace, with LANES float64 to a vector. Needs no library, so that WebAssembly has it too.
//
// Every function is run by all threads of a team at once; a team has `index`, `size`, `wait()` (a barrier) and `ticket()` (0, 1, 2
// ... over all threads). Sums have an order that does not depend on the number of threads.

typedef double Lanes __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

// A tile of a product lives in registers: kTileRows x three vectors.
constexpr long kTileRows = LANES == 8 ? 8 : 4;
constexpr long kTileColumns = 3 * LANES;
// Depth that is multiplied at once: what a tile reads stays in the first two caches.
constexpr long kDepth = 192;
constexpr long kBlockRows = 96;
// float64 in a line of the cache.
constexpr long kLine = 8;
// Reflections or pivots that are gathered before the rest of the matrix is updated.
constexpr long kPanel = 16;
constexpr long kPivots = 64;
// Shares of a sum over rows, whatever the number of threads.
constexpr long kShares = 4;

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

inline void multiplyTile(const double* a, const double* b, long depth, double factor, double* c, long stride) {
  Lanes sums[kTileRows][3] = {};
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
  bool lower;
  // Values (k, i) of the first side, (k, j) of the second, are zero for k < i, k < j.
  bool triangularRows, triangularColumns;
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
      pack<Value, kTileRows>(without(a, start, top), depth, height, own);
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

// C [rows, columns] = A B from zeros on; A [rows, inner] or, turned, its transpose, and B [inner, columns] likewise.
template <typename Team>
void multiplyPlain(Team& team, const double* a, bool aTurned, const double* b, bool bTurned, long rows, long columns, long inner,
                   double* c, double* scratch) {
  const Side<double> left{a, aTurned ? rows : 1, aTurned ? 1 : inner, nullptr};
  const Side<double> right{b, bTurned ? 1 : columns, bTurned ? inner : 1, nullptr};
  multiply(team, {rows, columns, inner, false, false, false}, left, right, 1, c, columns, scratch);
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
  multiply(team, {rows, width, columns, false, false, false}, kernel, weight, 1, sums, width, scratch);
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

// Lower triangle of scatter [columns, columns] += the scatter of x [rows, columns] about its own mean, which goes to `mean`.
template <typename Team, typename Value>
void addScatter(Team& team, const Value* x, long rows, long columns, double* mean, double* scatter, double* scratch) {
  columnMeans(team, x, rows, columns, mean);
  const Side<Value> side{x, columns, 1, mean};
  multiply(team, {columns, columns, rows, true, false, false}, side, side, 1, scatter, columns, scratch);
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
    multiply(team, {left, left, pivots, true, false, false}, side, side, -1, a + end * size + end, size, products);
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

// products += share of A v for the rows `top` ... `bottom` of the lower triangle: each value is read once, for its row and its column.
inline void multiplySymmetric(const double* a, long stride, long first, long top, long bottom, const double* v, double* products) {
  long row = top;
  for (; row + 4 <= bottom; row += 4) {
    const double *r0 = a + row * stride, *r1 = r0 + stride, *r2 = r1 + stride, *r3 = r2 + stride;
    const double v0 = v[row], v1 = v[row + 1], v2 = v[row + 2], v3 = v[row + 3];
    Lanes s0 = {}, s1 = {}, s2 = {}, s3 = {};
    long k = first;
    for (; k + LANES <= row; k += LANES) {
      const Lanes x = lanesAt(v + k), a0 = lanesAt(r0 + k), a1 = lanesAt(r1 + k), a2 = lanesAt(r2 + k), a3 = lanesAt(r3 + k);
      s0 += a0 * x;
      s1 += a1 * x;
      s2 += a2 * x;
      s3 += a3 * x;
      lanesAt(products + k) += (v0 * a0 + v1 * a1) + (v2 * a2 + v3 * a3);
    }
    double sums[4] = {sumOf(s0), sumOf(s1), sumOf(s2), sumOf(s3)};
    for (long i = 0; i < 4; i += 1) {
      const double *values = r0 + i * stride, own = v[row + i];
      for (long column = k; column < row + i; column += 1) {
        sums[i] += values[column] * v[column];
        products[column] += values[column] * own;
      }
      products[row + i] += sums[i] + values[row + i] * own;
    }
  }
  for (; row < bottom; row += 1) {
    const double *values = a + row * stride, own = v[row];
    double sum = 0;
    for (long column = first; column < row; column += 1) {
      sum += values[column] * v[column];
      products[column] += values[column] * own;
    }
    products[row] += sum + values[row] * own;
  }
}

// to[i] = from[i] - sum over l of (x[l][i] p[l] + y[l][i] q[l]), for `count` reflections whose rows lie `size` apart.
inline void subtractReflections(const double* x, const double* p, const double* y, const double* q, long count, long size,
                                long start, long end, const double* from, double* to) {
  long i = start;
  for (; i + 4 * LANES <= end; i += 4 * LANES) {
    Lanes sums[4] = {};
    for (long l = 0; l < count; l += 1) {
      for (long part = 0; part < 4; part += 1) {
        sums[part] += lanesAt(x + l * size + i + part * LANES) * p[l] + lanesAt(y + l * size + i + part * LANES) * q[l];
      }
    }
    for (long part = 0; part < 4; part += 1) lanesAt(to + i + part * LANES) = lanesAt(from + i + part * LANES) - sums[part];
  }
  for (; i < end; i += 1) {
    double sum = 0;
    for (long l = 0; l < count; l += 1) sum += x[l * size + i] * p[l] + y[l * size + i] * q[l];
    to[i] = from[i] - sum;
  }
}

inline long tridiagonalScratch(long size, long threads) {
  return (4 * kPanel + kShares) * size + 2 * kPanel + kShares + multiplyScratch(size, threads);
}

// Householder reflections take a symmetric A (its lower triangle is read and overwritten) to tridiagonal form, a panel of them
// at a time: A <- A - V W' - W V'. Values must be so scaled that their squares neither overflow nor vanish.
template <typename Team>
void tridiagonalise(Team& team, double* a, long size, double* diagonal, double* beside, double* scratch) {
  // Rows [V; W; V]: both orders of the update lie one after another.
  double* const v = scratch;
  double* const w = v + kPanel * size;
  double* const again = w + kPanel * size;
  double* const columns = again + kPanel * size;
  double* const shares = columns + kPanel * size;
  double* const withV = shares + kShares * size;
  double* const withW = withV + kPanel;
  double* const alongV = withW + kPanel;
  double* const products = alongV + kShares;
  for (long start = 0; start < size; start += kPanel) {
    const long end = least(start + kPanel, size);
    for (long row = start + team.index; row < size; row += team.size) {
      for (long column = start; column < least(end, row + 1); column += 1) {
        columns[(column - start) * size + row] = a[row * size + column];
      }
    }
    team.wait();
    for (long column = start; column < end; column += 1) {
      const long at = column - start, first = column + 1;
      double *own = columns + at * size, *vOwn = v + at * size, *wOwn = w + at * size;
      const long width = roundedUp((size - column + kShares - 1) / kShares, LANES);
      double across[2][kPanel];
      for (long l = 0; l < at; l += 1) {
        across[0][l] = w[l * size + column];
        across[1][l] = v[l * size + column];
      }
      for (long share = team.index; share < kShares; share += team.size) {
        const long top = least(column + share * width, size), bottom = least(top + width, size);
        subtractReflections(v, across[0], w, across[1], at, size, top, bottom, own, own);
        for (long i = top; i < bottom; i += 1) {
          vOwn[i] = own[i];
          for (long one = 0; one < kShares; one += 1) shares[one * size + i] = 0;
        }
      }
      team.wait();
      if (team.index == 0) diagonal[column] = own[column];
      if (first == size) break;
      // I - beta v v' with v = x - length e1 takes x to length e1.
      const double squares = dot(own + first, own + first, size - first), x = own[first];
      const double length = x > 0 ? -__builtin_sqrt(squares) : __builtin_sqrt(squares);
      const double beta = squares == 0 ? 0 : 1 / (squares - x * length);
      if (team.index == 0) {
        beside[column] = length;
        vOwn[first] = x - length;
        // Above the reflection's first row there is nothing of it.
        for (long i = start; i < first; i += 1) vOwn[i] = wOwn[i] = 0;
      }
      team.wait();
      for (long share = team.index; share < kShares; share += team.size) {
        // Shares of equal area of the triangle.
        const double rows = size - first;
        const long top = first + static_cast<long>(rows * __builtin_sqrt(share / double(kShares)));
        const long bottom = first + static_cast<long>(rows * __builtin_sqrt((share + 1) / double(kShares)));
        multiplySymmetric(a, size, first, top, bottom, vOwn, shares + share * size);
      }
      for (long l = team.index; l < at; l += team.size) {
        withV[l] = dot(v + l * size + first, vOwn + first, size - first);
        withW[l] = dot(w + l * size + first, vOwn + first, size - first);
      }
      team.wait();
      for (long share = team.index; share < kShares; share += team.size) {
        const long top = most(least(column + share * width, size), first);
        const long bottom = most(least(column + (share + 1) * width, size), first);
        for (long i = top; i < bottom; i += 1) {
          double sum = 0;
          for (long one = 0; one < kShares; one += 1) sum += shares[one * size + i];
          wOwn[i] = sum;
        }
        subtractReflections(v, withW, w, withV, at, size, top, bottom, wOwn, wOwn);
        for (long i = top; i < bottom; i += 1) wOwn[i] *= beta;
        alongV[share] = dot(wOwn + top, vOwn + top, bottom - top);
      }
      team.wait();
      double along = 0;
      for (long share = 0; share < kShares; share += 1) along += alongV[share];
      const double half = beta * along / 2;
      for (long share = team.index; share < kShares; share += team.size) {
        const long top = most(least(column + share * width, size), first);
        const long bottom = most(least(column + (share + 1) * width, size), first);
        for (long i = top; i < bottom; i += 1) {
          wOwn[i] -= half * vOwn[i];
          again[at * size + i] = vOwn[i];
        }
      }
      team.wait();
    }
    if (end == size) break;
    // Rows of `again` must follow those of w at once, so a panel is whole wherever something is left to update.
    const Side<double> left{v + end, size, 1, nullptr}, right{w + end, size, 1, nullptr};
    multiply(team, {size - end, size - end, 2 * kPanel, true, false, false}, left, right, -1, a + end * size + end, size,
             products);
  }
  team.wait();
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
