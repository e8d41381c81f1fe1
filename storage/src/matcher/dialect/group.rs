//! Groups that begin with `(?`: named ones, flags, and those that do not capture.

use super::{Translator, refuse};

/// The flags, in the order in which they are written.
const FLAGS: [char; 4] = ['i', 'm', 's', 'U'];

impl<'a> Translator<'a> {
    pub(super) fn special_group(&mut self) -> Result<(), String> {
        let from = self.rest;
        let named = from
            .strip_prefix("(?P<")
            .filter(|rest| !rest.is_empty())
            .or_else(|| from.strip_prefix("(?<").filter(|rest| !rest.is_empty()));
        match named {
            Some(named) => self.named_group(from, named),
            None => self.flag_group(from),
        }
    }

    fn named_group(&mut self, from: &'a str, named: &'a str) -> Result<(), String> {
        const CODE: &str = "invalid named capture";
        let Some(end) = named.find('>') else { return refuse(CODE, from) };
        let name = &named[..end];
        self.rest = &named[end + 1..];
        let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
        if name.is_empty() || !name.chars().all(is_word) {
            return refuse(CODE, &from[..from.len() - self.rest.len()]);
        }
        // The crate knows neither the same name twice nor one that begins with a digit.
        if self.names.contains(&name) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return self.open("(");
        }
        self.names.push(name);
        self.open(&format!("(?P<{name}>"))
    }

    /// `(?i)`, `(?i-s:`, `(?:`.
    fn flag_group(&mut self, from: &'a str) -> Result<(), String> {
        self.rest = &from[2..];
        let mut set = [None; FLAGS.len()];
        let (mut on, mut seen) = (true, true);
        while let Some(c) = self.bump() {
            match c {
                '-' if on => (on, seen) = (false, false),
                ':' | ')' if seen => return self.flags(set, c == ':'),
                _ => match FLAGS.iter().position(|&flag| flag == c) {
                    Some(at) => {
                        set[at] = Some(on);
                        seen = true;
                    }
                    None => break,
                },
            }
        }
        let piece = &from[..from.len() - self.rest.len()];
        refuse("invalid or unsupported Perl syntax", piece)
    }

    /// Writes each flag once, as it was set last.
    fn flags(&mut self, set: [Option<bool>; FLAGS.len()], group: bool) -> Result<(), String> {
        let mut text = String::from("(?");
        for (sign, wanted) in [("", true), ("-", false)] {
            if set.contains(&Some(wanted)) {
                text.push_str(sign);
                text.extend(
                    FLAGS.iter().zip(set).filter(|(_, is)| *is == Some(wanted)).map(|f| f.0),
                );
            }
        }
        if group {
            text.push(':');
            return self.open(&text);
        }
        if text.len() > 2 {
            self.out.push_str(&text);
            self.out.push(')');
        }
        Ok(())
    }
}
