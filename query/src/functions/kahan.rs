//! Sums that carry what rounding took away (Kahan's method with Neumaier's improvement).

/// A sum and what is missing from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sum {
    pub(crate) sum: f64,
    pub(crate) compensation: f64,
}

impl Sum {
    /// A sum of one number.
    pub(crate) fn of(value: f64) -> Self {
        Self { sum: value, compensation: 0.0 }
    }

    /// The sum and one number more.
    #[must_use]
    pub(crate) fn plus(self, value: f64) -> Self {
        let total = self.sum + value;
        let compensation = if total.is_infinite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            self.compensation + ((self.sum - total) + value)
        } else {
            self.compensation + ((value - total) + self.sum)
        };
        Self { sum: total, compensation }
    }

    /// The number that it stands for.
    pub(crate) fn total(self) -> f64 {
        self.sum + self.compensation
    }
}

/// A mean: a sum while that does not overflow, else a running mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mean {
    /// The sum, or the mean once `running`.
    value: Sum,
    count: f64,
    running: bool,
}

impl Mean {
    /// The mean of one number.
    pub(crate) fn of(value: f64) -> Self {
        Self { value: Sum::of(value), count: 1.0, running: false }
    }

    /// Takes one number more into the mean.
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.running {
            let sum = self.value.plus(value);
            if !sum.sum.is_infinite() {
                self.value = sum;
                return;
            }
            self.running = true;
            self.value.sum /= self.count - 1.0;
            self.value.compensation /= self.count - 1.0;
        }
        let share = (self.count - 1.0) / self.count;
        let scaled =
            Sum { sum: share * self.value.sum, compensation: share * self.value.compensation };
        self.value = scaled.plus(value / self.count);
    }

    /// The mean.
    pub(crate) fn mean(self) -> f64 {
        if self.running {
            self.value.total()
        } else {
            self.value.sum / self.count + self.value.compensation / self.count
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mean, Sum};

    #[test]
    fn small_numbers_survive_great_ones() {
        let total = [1.0, 1e100, 1.0, -1e100].into_iter().fold(Sum::default(), Sum::plus).total();
        assert_eq!(total, 2.0);
    }

    #[test]
    fn a_mean_does_not_overflow() {
        let mut mean = Mean::of(f64::MAX);
        mean.add(f64::MAX);
        assert_eq!(mean.mean(), f64::MAX);
    }
}
