//! The reference's regex dialect (RE2), translated to that of the `regex` crate.
//!
//! The law: what RE2 refuses is refused, with its message; what it takes means the same to the
//! `regex` crate afterwards. The dialects share most of their syntax, so the pattern is read
//! construct by construct and written anew: classes `\d \w \s \b` are ASCII, `\Q…\E` and octal
//! escapes are spelled out, and no character keeps a meaning that only the crate knows (`&&`,
//! `--`, `~~`, `\<`, nested brackets, comments).
//!
//! Left to the crate: its bound on the size of a compiled pattern.

mod class;
mod escape;
mod group;

const COMPILED_BYTES_MAX: usize = 10 << 20;

/// The deepest nesting of groups that RE2 takes.
const GROUPS_MAX: usize = 1000;

/// The most repetitions that RE2 takes, those within each other multiplied.
const REPEATS_MAX: u32 = 1000;

/// The pattern in the `regex` crate's syntax, matching whole values, `.` matching newlines.
pub fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        pattern,
        rest: pattern,
        out: String::with_capacity(pattern.len() + 8),
        groups: Vec::new(),
        scope: Scope::default(),
        names: Vec::new(),
    };
    translator.run()?;
    Ok(format!("^(?s:{})$", translator.out))
}

/// Compiles a pattern within bounds of memory.
pub fn compile(pattern: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(&translate(pattern)?)
        .size_limit(COMPILED_BYTES_MAX)
        .nest_limit(250)
        .build()
        .map_err(|error| error.to_string())
}

/// Whether a valid pattern matches the empty string, and so an absent label; mostly without
/// compiling it.
pub fn matches_empty(pattern: &str) -> Result<bool, String> {
    let hir = regex_syntax::parse(&translate(pattern)?).map_err(|error| error.to_string())?;
    let properties = hir.properties();
    if properties.minimum_len() != Some(0) {
        return Ok(false);
    }
    // Starts and ends of text or line are all there in the empty string; words are not.
    if properties.look_set().contains_word() {
        return Ok(compile(pattern)?.is_match(""));
    }
    Ok(true)
}

/// A message as RE2 writes it.
fn refuse<T>(what: &str, piece: &str) -> Result<T, String> {
    Err(format!("error parsing regexp: {what}: `{piece}`"))
}

/// Reads one dialect and writes the other.
struct Translator<'a> {
    pattern: &'a str,
    rest: &'a str,
    out: String,
    /// The scopes around the current one.
    groups: Vec<Scope>,
    scope: Scope,
    names: Vec<&'a str>,
}

/// What is known of the group that is being read.
#[derive(Clone, Copy, Debug, Default)]
struct Scope {
    /// Something stands here that can be repeated; how often it repeats itself, if at all.
    last: Option<u32>,
    /// Where in the output that ends; flags may stand behind it.
    end: usize,
    /// The most that anything so far in the group repeats.
    most: u32,
}

impl<'a> Translator<'a> {
    fn run(&mut self) -> Result<(), String> {
        // The text from the last repetition on, if nothing has followed it yet.
        let mut repeated: Option<&'a str> = None;
        while let Some(c) = self.rest.chars().next() {
            let before = self.rest;
            let is_repeat = match c {
                '*' | '+' | '?' => {
                    self.rest = &before[1..];
                    self.repeat(before, None, repeated)?;
                    true
                }
                '{' => self.counted(before, repeated)?,
                _ => {
                    self.other(c)?;
                    false
                }
            };
            repeated = is_repeat.then_some(before);
        }
        if !self.groups.is_empty() {
            return refuse("missing closing )", self.pattern);
        }
        Ok(())
    }

    /// Anything but a repetition.
    fn other(&mut self, c: char) -> Result<(), String> {
        match c {
            '(' if self.rest.starts_with("(?") => return self.special_group(),
            '(' => {
                self.rest = &self.rest[1..];
                self.open("(")?;
            }
            '|' => {
                self.rest = &self.rest[1..];
                self.out.push('|');
                self.scope.last = None;
            }
            ')' => self.close()?,
            '^' | '$' | '.' => {
                self.rest = &self.rest[1..];
                self.atom(&format!("(?:{c})"));
            }
            '[' => {
                let class = self.class()?;
                self.atom(&class);
            }
            '\\' => self.backslash()?,
            _ => {
                self.rest = &self.rest[c.len_utf8()..];
                self.literal(c);
            }
        }
        Ok(())
    }

    /// Notes that something stands here that can be repeated.
    fn stands(&mut self, repeats: u32) {
        let most = self.scope.most.max(repeats);
        self.scope = Scope { last: Some(repeats), end: self.out.len(), most };
    }

    fn atom(&mut self, text: &str) {
        self.out.push_str(text);
        self.stands(1);
    }

    fn literal(&mut self, c: char) {
        push_literal(&mut self.out, c);
        self.stands(1);
    }

    fn open(&mut self, text: &str) -> Result<(), String> {
        self.out.push_str(text);
        self.groups.push(self.scope);
        self.scope = Scope::default();
        if self.groups.len() >= GROUPS_MAX {
            return refuse("expression nests too deeply", self.pattern);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(outer) = self.groups.pop() else {
            return refuse("unexpected )", self.pattern);
        };
        self.rest = &self.rest[1..];
        self.out.push(')');
        let most = self.scope.most.max(1);
        self.scope = outer;
        self.stands(most);
        Ok(())
    }

    /// `{n}`, `{n,}`, `{n,m}`; anything else in braces stands for itself. Whether it repeats.
    fn counted(&mut self, before: &'a str, repeated: Option<&'a str>) -> Result<bool, String> {
        let Some((least, most, after)) = counts(before) else {
            self.rest = &before[1..];
            self.literal('{');
            return Ok(false);
        };
        self.rest = after;
        let piece = &before[..before.len() - after.len()];
        let too_many = least > REPEATS_MAX || most.is_some_and(|most| most > REPEATS_MAX);
        if too_many || most.is_some_and(|most| least > most) {
            return refuse("invalid repeat count", piece);
        }
        self.repeat(before, Some(most.unwrap_or(least)), repeated)?;
        Ok(true)
    }

    /// A repetition whose text was read but for a `?` behind it.
    fn repeat(
        &mut self,
        before: &'a str,
        times: Option<u32>,
        repeated: Option<&'a str>,
    ) -> Result<(), String> {
        self.rest = self.rest.strip_prefix('?').unwrap_or(self.rest);
        let piece = |from: &'a str| &from[..from.len() - self.rest.len()];
        if let Some(from) = repeated {
            return refuse("invalid nested repetition operator", piece(from));
        }
        let Some(inner) = self.scope.last else {
            return refuse("missing argument to repetition operator", piece(before));
        };
        let product = match times {
            Some(0) => 1,
            Some(times) => inner * times,
            None => inner,
        };
        if product > REPEATS_MAX {
            return refuse("invalid repeat count", piece(before));
        }
        self.out.insert_str(self.scope.end, &before[..before.len() - self.rest.len()]);
        self.stands(product);
        Ok(())
    }
}

/// The counts of a repetition in braces and what follows it.
fn counts(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (least, rest) = count(text.strip_prefix('{')?)?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((least, Some(least), rest));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((least, None, rest));
    }
    let (most, rest) = count(rest)?;
    Some((least, Some(most), rest.strip_prefix('}')?))
}

/// Digits without a leading zero; too many of them are as good as too large a number.
fn count(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}

/// A character that stands for itself, in a class or outside.
fn push_literal(out: &mut String, c: char) {
    if regex_syntax::is_meta_character(c) {
        out.push('\\');
    }
    out.push(c);
}

#[cfg(test)]
mod tests;
