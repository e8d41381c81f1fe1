//! Reads a line of a script from its front.

/// What of a line has not been read yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

/// The most points that one item may stand for.
const REPEAT_MAX: usize = 1_000_000;

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Reads `prefix`, if that is what comes.
    pub(super) fn eat(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Reads all bytes that `accepts` does; they must be ASCII.
    pub(super) fn take_while(&mut self, accepts: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(|b| !b.is_ascii() || !accepts(b));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    pub(super) fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Reads a sign: 1 or −1, where there is one.
    pub(super) fn sign(&mut self) -> Option<f64> {
        if self.eat("-") {
            Some(-1.0)
        } else if self.eat("+") {
            Some(1.0)
        } else {
            None
        }
    }

    /// Reads a decimal number, `Inf` or `NaN`, with or without a sign.
    pub(super) fn number(&mut self) -> Result<f64, String> {
        let sign = self.sign().unwrap_or(1.0);
        for (word, value) in [("inf", f64::INFINITY), ("nan", f64::NAN)] {
            if self.rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(word)) {
                self.rest = &self.rest[3..];
                return Ok(sign * value);
            }
        }
        let length = decimal_length(self.rest.as_bytes());
        let (digits, rest) = self.rest.split_at(length);
        let value = digits.parse::<f64>().ok().ok_or_else(|| self.unexpected("a number"))?;
        self.rest = rest;
        Ok(sign * value)
    }

    /// Reads `xN`, if that is what comes.
    pub(super) fn times(&mut self) -> Result<Option<usize>, String> {
        if !self.eat("x") {
            return Ok(None);
        }
        let digits = self.take_while(|b| b.is_ascii_digit());
        match digits.parse::<usize>() {
            Ok(count) if count <= REPEAT_MAX => Ok(Some(count)),
            Ok(_) => Err(format!("{digits} repetitions are more than {REPEAT_MAX}")),
            Err(_) => Err(self.unexpected("how often to repeat")),
        }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> String {
        format!("expected {wanted} at {:?}", self.rest)
    }
}

/// How many bytes at the start are a decimal number; an exponent needs digits.
fn decimal_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits((end + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}
