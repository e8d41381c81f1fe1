//! Which series have a label value: sets of series numbers, and the values of a label name.
//!
//! Most values of a label with many values belong to one series, so a set of one is a number in
//! the table entry; a few are a short list; only beyond that there is a bitmap.

use hashbrown::HashTable;
use roaring::RoaringBitmap;

const LIST_MAX: usize = 32;
const IN_SET: u32 = 1 << 31;

/// A set of series: one number, or the place of a larger set in [`Sets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SetRef(u32);

#[derive(Debug)]
enum Set {
    List(Vec<u32>),
    Bitmap(RoaringBitmap),
}

/// Series numbers stay below this.
pub(super) const SERIES_MAX: u32 = IN_SET;

/// All sets of more than one series.
#[derive(Debug, Default)]
pub(super) struct Sets {
    sets: Vec<Set>,
    free: Vec<u32>,
}

impl Sets {
    fn set(&mut self, set: Set) -> SetRef {
        let place = if let Some(place) = self.free.pop() {
            self.sets[place as usize] = set;
            place
        } else {
            self.sets.push(set);
            (self.sets.len() - 1) as u32
        };
        SetRef(place | IN_SET)
    }

    fn insert(&mut self, to: SetRef, series: u32) -> SetRef {
        if to.0 & IN_SET == 0 {
            return self.set(Set::List(vec![to.0.min(series), to.0.max(series)]));
        }
        let set = &mut self.sets[(to.0 & !IN_SET) as usize];
        match set {
            Set::List(list) if list.len() < LIST_MAX => {
                let at = list.partition_point(|&other| other < series);
                list.insert(at, series);
            }
            Set::List(list) => {
                let mut bitmap: RoaringBitmap = list.iter().copied().collect();
                bitmap.insert(series);
                *set = Set::Bitmap(bitmap);
            }
            Set::Bitmap(bitmap) => {
                bitmap.insert(series);
            }
        }
        to
    }

    /// The set without a series that is in it; none if it was the only one.
    fn remove(&mut self, from: SetRef, series: u32) -> Option<SetRef> {
        if from.0 & IN_SET == 0 {
            return None;
        }
        let place = from.0 & !IN_SET;
        let set = &mut self.sets[place as usize];
        match set {
            Set::List(list) => list.retain(|&other| other != series),
            Set::Bitmap(bitmap) => {
                bitmap.remove(series);
                if bitmap.len() <= LIST_MAX as u64 / 2 {
                    *set = Set::List(bitmap.iter().collect());
                }
            }
        }
        let only = match set {
            Set::List(list) if list.len() == 1 => list[0],
            _ => return Some(from),
        };
        *set = Set::List(Vec::new());
        self.free.push(place);
        Some(SetRef(only))
    }

    /// Adds a set to a bitmap.
    pub(super) fn add_to(&self, of: SetRef, bitmap: &mut RoaringBitmap) {
        match self.get(of) {
            None => {
                bitmap.insert(of.0);
            }
            Some(Set::List(list)) => bitmap.extend(list),
            Some(Set::Bitmap(set)) => *bitmap |= set,
        }
    }

    /// The series of a set, ascending.
    pub(super) fn members(&self, of: SetRef) -> Box<dyn Iterator<Item = u32> + '_> {
        match self.get(of) {
            None => Box::new(std::iter::once(of.0)),
            Some(Set::List(list)) => Box::new(list.iter().copied()),
            Some(Set::Bitmap(bitmap)) => Box::new(bitmap.iter()),
        }
    }

    fn get(&self, of: SetRef) -> Option<&Set> {
        (of.0 & IN_SET != 0).then(|| &self.sets[(of.0 & !IN_SET) as usize])
    }
}

#[derive(Debug)]
struct ValueSet {
    value: u32,
    set: SetRef,
}

/// The values of one label name of one tenant, each with its series.
#[derive(Debug, Default)]
pub(super) struct LabelIndex {
    table: HashTable<ValueSet>,
}

impl LabelIndex {
    pub(super) fn insert(&mut self, sets: &mut Sets, value: u32, series: u32) {
        let hash = hash(value);
        if let Some(entry) = self.table.find_mut(hash, |entry| entry.value == value) {
            entry.set = sets.insert(entry.set, series);
        } else {
            let entry = ValueSet { value, set: SetRef(series) };
            self.table.insert_unique(hash, entry, |entry| self::hash(entry.value));
        }
    }

    pub(super) fn remove(&mut self, sets: &mut Sets, value: u32, series: u32) {
        if let Ok(mut entry) = self.table.find_entry(hash(value), |entry| entry.value == value) {
            match sets.remove(entry.get().set, series) {
                Some(set) => entry.get_mut().set = set,
                None => {
                    entry.remove();
                }
            }
        }
    }

    pub(super) fn get(&self, value: u32) -> Option<SetRef> {
        self.table.find(hash(value), |entry| entry.value == value).map(|entry| entry.set)
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Values with their series, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, SetRef)> + '_ {
        self.table.iter().map(|entry| (entry.value, entry.set))
    }
}

/// Spreads consecutive symbol numbers over all bits.
fn hash(symbol: u32) -> u64 {
    let spread = u64::from(symbol).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    spread ^ (spread >> 32)
}

#[cfg(test)]
mod tests;
