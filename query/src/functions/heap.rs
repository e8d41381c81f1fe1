//! The heap of `topk`, with the reference's order of equal values.

/// Values with the numbers of their series; the one that has to go first is on top.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heap(Vec<(f64, usize)>);

/// Whether the first goes before the second; NaN goes before everything.
type Less = fn(f64, f64) -> bool;

fn before(a: (f64, usize), b: (f64, usize), less: Less) -> bool {
    a.0.is_nan() || less(a.0, b.0)
}

/// Up to so many elements the reference sorts by insertion, which keeps equals in order.
const INSERTION_MAX: usize = 12;

impl Heap {
    /// How many values it holds.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a value.
    pub(crate) fn push(&mut self, value: f64, series: usize, less: Less) {
        self.0.push((value, series));
        let mut child = self.0.len() - 1;
        while child > 0 {
            let parent = (child - 1) / 2;
            if !before(self.0[child], self.0[parent], less) {
                break;
            }
            self.0.swap(child, parent);
            child = parent;
        }
    }

    /// Replaces the top if that has to go before this value.
    pub(crate) fn offer(&mut self, value: f64, series: usize, less: Less) {
        let top = self.0[0].0;
        if !(less(top, value) || top.is_nan() && !value.is_nan()) {
            return;
        }
        self.0[0] = (value, series);
        let mut parent = 0;
        loop {
            let left = 2 * parent + 1;
            let right = left + 1;
            if left >= self.0.len() {
                return;
            }
            let right_first = right < self.0.len() && before(self.0[right], self.0[left], less);
            let child = if right_first { right } else { left };
            if !before(self.0[child], self.0[parent], less) {
                return;
            }
            self.0.swap(parent, child);
            parent = child;
        }
    }

    /// The values as they came.
    pub(crate) fn unordered(mut self) -> Vec<(f64, usize)> {
        self.0.sort_by_key(|&(_, series)| series);
        self.0
    }

    /// The values, those that would stay longest first.
    pub(crate) fn greatest_first(mut self, less: Less) -> Vec<(f64, usize)> {
        let values = &mut self.0;
        if values.len() > INSERTION_MAX {
            values.sort_by(|&a, &b| {
                let (nan_a, nan_b) = (a.0.is_nan(), b.0.is_nan());
                nan_a.cmp(&nan_b).then_with(|| less(a.0, b.0).cmp(&less(b.0, a.0)))
            });
            return self.0;
        }
        for end in 1..values.len() {
            let mut at = end;
            while at > 0 && before(values[at - 1], values[at], less) {
                values.swap(at - 1, at);
                at -= 1;
            }
        }
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Heap;

    fn top(k: usize, values: &[f64]) -> Vec<usize> {
        let mut heap = Heap::default();
        for (series, &value) in values.iter().enumerate() {
            if heap.len() < k {
                heap.push(value, series, |a, b| a < b);
            } else {
                heap.offer(value, series, |a, b| a < b);
            }
        }
        heap.greatest_first(|a, b| a < b).into_iter().map(|(_, series)| series).collect()
    }

    #[test]
    fn the_greatest_come_first_and_nan_last() {
        assert_eq!(top(2, &[1.0, 3.0, 2.0]), [1, 2]);
        assert_eq!(top(3, &[f64::NAN, 3.0, 2.0]), [1, 2, 0]);
        assert_eq!(top(1, &[f64::NAN, 3.0]), [1]);
        let many: Vec<f64> = (0..40).map(f64::from).collect();
        assert_eq!(top(20, &many), (20..40).rev().collect::<Vec<_>>());
    }
}
