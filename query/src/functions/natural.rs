//! The order of strings in which `a2` comes before `a10`.

/// Whether `a` comes before `b`, chunk by chunk of digits and of anything else. Chunks that are
/// both numbers are compared as numbers, all others as text.
pub(crate) fn precedes(a: &str, b: &str) -> bool {
    let (a, b) = (chunks(a), chunks(b));
    for (nth, &left) in a.iter().enumerate() {
        let Some(&right) = b.get(nth) else { return false };
        let order = match (left.parse::<i64>(), right.parse::<i64>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            _ => left.cmp(right),
        };
        if order.is_ne() {
            return order.is_lt();
        }
        if nth + 1 == a.len() {
            return true;
        }
        if nth + 1 == b.len() {
            return false;
        }
    }
    false
}

fn chunks(text: &str) -> Vec<&str> {
    let is_digit = |c: char| c.is_ascii_digit();
    let mut rest = text;
    let mut chunks = Vec::new();
    while let Some(first) = rest.chars().next() {
        let kind = is_digit(first);
        let end = rest.find(|c| is_digit(c) != kind).unwrap_or(rest.len());
        let (chunk, after) = rest.split_at(end);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::precedes;

    #[test]
    fn numbers_count_as_numbers() {
        assert!(precedes("a2", "a10"));
        assert!(!precedes("a10", "a2"));
        assert!(precedes("4m5", "4m600"));
        assert!(precedes("a", "b"));
        assert!(precedes("a", "a1"));
        assert!(!precedes("a1", "a"));
    }
}
