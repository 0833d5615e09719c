// Eigenvalues of symmetric matrices: to a band, to tridiagonal form, to the eigenvalues. Included after float64.h for each kind of
// processor, as that is.

// Values beside the diagonal of the band that a symmetric matrix passes through: whole tiles of every kind.
constexpr long kBand = 24;
// Squares that are lost in rounding beside those of a matrix whose largest value is not below 2^-200.
constexpr double kNothing = 0x1p-900;

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

// Rows of a symmetric matrix that are multiplied together: what of the other side they need stays in the cache.
constexpr long kTall = 48;

// product [kBand, size], turned = A X for a symmetric A [left, left], of which the lower triangle is read, and X [left, kBand] in
// panels of kTileColumns, as packed for `multiply`.
template <typename Team>
void multiplySymmetric(Team& team, const double* a, long size, long left, const double* x, double* product) {
  // The last ones are of the last block.
  const long blocks = most(left / kTall, 1);
  for (long ticket = team.ticket(); ticket < blocks; ticket = team.ticket()) {
    const long top = ticket * kTall, bottom = ticket + 1 < blocks ? top + kTall : left;
    for (long panel = 0; panel < kBand; panel += kTileColumns) {
      const double* const own = x + panel * left;
      Lanes sums[2 * kTall / kTileRows][kTileRows][3] = {};
      for (long start = 0; start < left; start += kDepth) {
        const long end = least(start + kDepth, left);
        for (long group = 0; group * kTileRows < bottom - top; group += 1) {
          // Where rows are missing those before are taken once more.
          const long first = least(top + group * kTileRows, most(bottom - kTileRows, 0)), tall = least(kTileRows, left - first);
          Lanes found[kTileRows][3];
          std::memcpy(found, sums[group], sizeof found);
          const double* const from = a + first * size;
          const long above = least(most(first - start, 0), end - start), below = most(start, first + kTileRows);
          if (tall == kTileRows) addProducts(from + start, 1, size, own + start * kTileColumns, kTileColumns, above, found);
          for (long k = most(start, first); k < least(end, first + tall); k += 1) {
            double values[kTileRows];
            for (long i = 0; i < kTileRows; i += 1) {
              const long row = most(k, first + i);
              values[i] = i < tall ? a[row * size + least(k, first + i)] : 0;
            }
            addProducts(values, 0, 1, own + k * kTileColumns, 0, 1, found);
          }
          if (below < end) {
            addProducts(a + below * size + first, size, 1, own + below * kTileColumns, kTileColumns, end - below, found);
          }
          std::memcpy(sums[group], found, sizeof found);
        }
      }
      for (long group = 0; group * kTileRows < bottom - top; group += 1) {
        const long first = least(top + group * kTileRows, most(bottom - kTileRows, 0));
        for (long row = 0; row < least(kTileRows, left - first); row += 1) {
          const double* values = reinterpret_cast<const double*>(sums[group][row]);
          for (long column = 0; column < kTileColumns; column += 1) product[(panel + column) * size + first + row] = values[column];
        }
      }
    }
  }
}

// dots [kBand, kBand] = X Y' over `count` values of rows that lie `size` apart; each thread makes some.
template <typename Team>
void dotRows(Team& team, const double* x, const double* y, long size, long count, double* dots) {
  constexpr long side = 4, tiles = kBand / side;
  for (long tile = team.index; tile < tiles * tiles; tile += team.size) {
    const double* const left = x + tile / tiles * side * size;
    const double* const right = y + tile % tiles * side * size;
    Lanes sums[side][side] = {};
    long at = 0;
    for (; at + LANES <= count; at += LANES) {
#pragma GCC unroll 4
      for (long i = 0; i < side; i += 1) {
#pragma GCC unroll 4
        for (long j = 0; j < side; j += 1) sums[i][j] += lanesAt(left + i * size + at) * lanesAt(right + j * size + at);
      }
    }
    for (long i = 0; i < side; i += 1) {
      for (long j = 0; j < side; j += 1) {
        double sum = sumOf(sums[i][j]);
        for (long rest = at; rest < count; rest += 1) sum += left[i * size + rest] * right[j * size + rest];
        dots[(tile / tiles * side + i) * kBand + tile % tiles * side + j] = sum;
      }
    }
  }
}

// I - beta v v' takes some x to `length` e1.
struct Reflection {
  double beta, length;
};
// The reflection of x [count]; v [count] is written. Squares must not overflow, and what is below kNothing is none.
inline Reflection reflectionOf(const double* x, long count, double* v) {
  const double rest = dot(x + 1, x + 1, count - 1), root = __builtin_sqrt(x[0] * x[0] + rest);
  const bool none = rest <= kNothing;
  const double length = none ? x[0] : x[0] > 0 ? -root : root;
  v[0] = x[0] - length;
  for (long i = 1; i < count; i += 1) v[i] = x[i];
  return {none ? 0 : 1 / (length * (length - x[0])), length};
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
  // Rows [A V; V; W; V], turned: both sides of a product lie one after another.
  double* const product = scratch;
  double* const v = product + kBand * size;
  double* const w = v + kBand * size;
  double* const again = w + kBand * size;
  double* const panel = again + kBand * size;
  double* const dots = panel + kBand * size;
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
    const long share = roundedUp((left + team.size - 1) / team.size, kBand);
    const long top = least(team.index * share, left), bottom = least(top + share, left);
    for (long row = top; row < bottom; row += 1) {
      for (long column = 0; column < kBand; column += 1) panel[column * size + row] = a[(first + row) * size + start + column];
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
    }
    for (long column = 0; column < kBand; column += kTileColumns) {
      const Side<double> side{v + column * size + top, 1, size, nullptr};
      pack<double, kTileColumns>(side, bottom - top, kTileColumns, products + column * left + top * kTileColumns);
    }
    dotRows(team, v, v, size, left, dots);
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
    multiplySymmetric(team, rest, size, left, products, product);
    team.wait();
    team.rewind();
    dotRows(team, v, product, size, left, dots);
    team.wait();
    // W = [A V; V] [T; -T' V' A V T / 2].
    double weights[2 * kBand][kBand] = {}, within[kBand][kBand] = {};
    for (long row = 0; row < kBand; row += 1) {
      for (long k = 0; k < kBand; k += 1) {
        for (long column = 0; column < kBand; column += 1) within[row][column] += dots[row * kBand + k] * t[k][column];
        weights[row][k] = t[row][k];
      }
    }
    for (long row = 0; row < kBand; row += 1) {
      for (long k = 0; k <= row; k += 1) {
        for (long column = 0; column < kBand; column += 1) weights[kBand + row][column] -= t[k][row] * within[k][column] / 2;
      }
    }
    for (long row = 0; row < kBand; row += kTileRows) {
      for (long column = top; column < bottom; column += kTileColumns) {
        Lanes sums[kTileRows][3] = {};
        addProducts(&weights[0][row], kBand, 1, product + column, size, 2 * kBand, sums);
        for (long i = 0; i < kTileRows; i += 1) std::memcpy(w + (row + i) * size + column, sums[i], sizeof sums[i]);
      }
    }
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

// Of each column: how many of its reflections are done, and in lines of their own the last one, for the thread that goes on.
constexpr long kRecord = kLine + (kBand + kLine) / kLine * kLine;
inline long bandToTridiagonalScratch(long size) { return kLine + kRecord * size; }

// A band, which is lost, to tridiagonal form: each column's reflection fills a block below the band, whose first column the next
// reflection takes out, and so on to the end (Lang, "A parallel algorithm for reducing symmetric banded matrices to tridiagonal
// form", 1993). Each thread makes a run of every column's reflections, so that what it works on stays near to it, and a column
// follows two reflections behind the one before.
template <typename Team>
void bandToTridiagonal(Team& team, double* band, long size, double* diagonal, double* beside, double* scratch) {
  double* const records = scratch + (kLine - reinterpret_cast<__UINTPTR_TYPE__>(scratch) / sizeof(double) % kLine);
  const auto done = [&](long column) { return reinterpret_cast<long*>(records + kRecord * column); };
  const auto await = [&](long column, long least) {
    long now = __atomic_load_n(done(column), __ATOMIC_ACQUIRE);
    for (int spins = 0; now < least; spins += 1) {
      team.pause(spins);
      now = __atomic_load_n(done(column), __ATOMIC_ACQUIRE);
    }
    return now;
  };
  for (long column = team.index; column < size; column += team.size) *done(column) = 0;
  team.wait();
  long earlier = 0;
  for (long column = 0; column < size; column += 1) {
    const long all = (size - 1 - column + kBand - 1) / kBand, share = (all + team.size - 1) / team.size;
    const long from = least(share * team.index, all), to = least(from + share, all);
    double* const state = records + kRecord * column + kLine;
    double v[kBand], beta = 0;
    if (team.index == 0) diagonal[column] = band[column * kBandStep + column];
    if (from > 0 && from < to) {
      await(column, from);
      std::memcpy(v, state, sizeof v);
      beta = state[kBand];
    }
    long before = 0;
    for (long step = from; step < to; step += 1) {
      const long needed = least(step + 2, earlier), top = column + 1 + step * kBand, height = least(kBand, size - top);
      if (before < needed) before = await(column - 1, needed);
      double* const block = band + top * kBandStep + (step == 0 ? column : top - kBand);
      if (step > 0 && beta != 0) reflectFromRight(block, height, v, beta);
      if (step == 0 || beta != 0) {
        const Reflection found = firstColumn(block, height, v);
        if (step == 0) {
          beside[column] = found.length;
        } else {
          reflectFromLeft(block, height, v, found.beta);
        }
        setFirstColumn(block, height, found.length);
        beta = found.beta;
        if (beta != 0) reflectSquare(band + top * kBandStep + top, height, v, beta);
      }
      if (step + 1 == to) {
        std::memcpy(state, v, sizeof v);
        state[kBand] = beta;
      }
      __atomic_store_n(done(column), step + 1, __ATOMIC_RELEASE);
    }
    earlier = all;
  }
  team.wait();
}

// A round of QL with a shift on a block of a tridiagonal matrix, from its last value on, in the form of Pal, Walker and Kahan, which
// takes no root (Parlett, "The symmetric eigenvalue problem", 1998, 8.15); squares are those of the values beside the diagonal.
struct Round {
  double shift, cosine = 1, sine = 0, gamma, square;

  Round(double by, double last) : shift(by), gamma(last - by), square(gamma * gamma) {}

  inline void step(double* diagonal, double* squares, long i) {
    // The round before may have left a zero, and square may be one.
    const double b = squares[i] > kNothing ? squares[i] : kNothing, value = diagonal[i], r = square + b;
    const double before = cosine, gammaBefore = gamma;
    squares[i + 1] = sine * r;
    cosine = square / r;
    sine = b / r;
    gamma = cosine * (value - shift) - sine * gammaBefore;
    diagonal[i + 1] = gammaBefore + (value - gamma);
    square = cosine != 0 ? gamma * gamma / cosine : before * b;
  }

  inline void end(double* diagonal, double* squares, long low) const {
    squares[low] = sine * square;
    diagonal[low] = shift + gamma;
  }
};

// Eigenvalues of a symmetric tridiagonal matrix, in no order, in place of `diagonal`; `beside` [size] is lost. Two rounds, with both
// eigenvalues of the first two rows as shifts, follow each other two values apart: each alone waits for its divisions. False where
// a value does not settle.
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
      const double root = __builtin_sqrt(squares[low]), ratio = (diagonal[low + 1] - diagonal[low]) / (2 * root);
      const double hypotenuse = __builtin_sqrt(ratio * ratio + 1), away = root / (ratio + (ratio < 0 ? -hypotenuse : hypotenuse));
      const double otherShift = diagonal[low + 1] + away;
      Round first(diagonal[low] - away, diagonal[high]);
      const bool alone = high - low < 3;
      const long lead = alone ? low : high - 2;
      for (long i = high - 1; i >= lead; i -= 1) first.step(diagonal, squares, i);
      Round second(otherShift, diagonal[high]);
      for (long i = lead - 1; i >= low; i -= 1) {
        first.step(diagonal, squares, i);
        second.step(diagonal, squares, i + 2);
      }
      first.end(diagonal, squares, low);
      if (alone) continue;
      second.step(diagonal, squares, low + 1);
      second.step(diagonal, squares, low);
      second.end(diagonal, squares, low);
    }
  }
  return true;
}
