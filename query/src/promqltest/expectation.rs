//! What an eval expects besides its answer: failure, warnings, infos.

use std::sync::LazyLock;

use regex::Regex;

use super::script::pattern;

/// What a message must be like.
#[derive(Clone, Debug)]
pub(super) enum Text {
    /// Anything.
    Any,
    /// Exactly this.
    Exact(String),
    /// Somewhere in it.
    Pattern(Regex),
}

/// What must be said of one severity.
#[derive(Clone, Debug, Default)]
pub(super) struct Severity {
    /// Each is met by an annotation, and each annotation meets one of them; if empty, all is well.
    pub(super) texts: Vec<Text>,
    /// Nothing may be said.
    pub(super) none: bool,
}

/// The `expect` lines of an eval that are not about its answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) ordered: bool,
    pub(super) fail: Option<Text>,
    pub(super) warn: Severity,
    pub(super) info: Severity,
}

impl Text {
    pub(super) fn parse_pattern(text: &str) -> Result<Self, String> {
        Regex::new(text).map(Self::Pattern).map_err(|error| error.to_string())
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(text) => text == message,
            Self::Pattern(regex) => regex.is_match(message),
        }
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("anything"),
            Self::Exact(text) => f.write_str(text),
            Self::Pattern(regex) => write!(f, "/{regex}/"),
        }
    }
}

impl Rules {
    /// The rules that the name of the command stands for: `eval_fail`.
    pub(super) fn of_suffix(suffix: &str) -> Self {
        let mut rules = Self::default();
        match suffix {
            "ordered" => rules.ordered = true,
            "fail" => rules.fail = Some(Text::Any),
            "warn" => rules.warn.texts.push(Text::Any),
            "info" => rules.info.texts.push(Text::Any),
            _ => {}
        }
        rules
    }

    /// Adds the rule of an `expect` line.
    pub(super) fn add(&mut self, line: &str) -> Result<(), String> {
        static EXPECT: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$")
        });
        let parts = EXPECT.captures(line).ok_or_else(|| format!("unknown rule {line:?}"))?;
        let text = match (parts.get(2), parts.get(3)) {
            (Some(kind), Some(text)) if kind.as_str() == "msg" => {
                Text::Exact(text.as_str().trim().to_owned())
            }
            (_, Some(text)) => Text::parse_pattern(text.as_str().trim())?,
            _ => Text::Any,
        };
        let rule = &parts[1];
        let takes_text = matches!(rule, "fail" | "warn" | "info");
        if !takes_text && !matches!(text, Text::Any) {
            return Err(format!("{rule} takes no text: {line:?}"));
        }
        match rule {
            "ordered" => self.ordered = true,
            "fail" if self.fail.is_some() => {
                return Err("an eval can fail only once".to_owned());
            }
            "fail" => self.fail = Some(text),
            "warn" => self.warn.texts.push(text),
            "info" => self.info.texts.push(text),
            "no_warn" => self.warn.none = true,
            _ => self.info.none = true,
        }
        if self.warn.contradicts() || self.info.contradicts() {
            return Err(format!("{line:?} contradicts a rule before it"));
        }
        Ok(())
    }

    /// Checks what was said of an answer.
    pub(super) fn check_annotations(
        &self,
        warnings: &[String],
        infos: &[String],
    ) -> Result<(), String> {
        self.warn.check("warning", warnings)?;
        self.info.check("info", infos)
    }
}

impl Severity {
    fn contradicts(&self) -> bool {
        self.none && !self.texts.is_empty()
    }

    fn check(&self, kind: &str, said: &[String]) -> Result<(), String> {
        if let (true, Some(first)) = (self.none, said.first()) {
            return Err(format!("unexpected {kind}: {first}"));
        }
        if self.texts.is_empty() {
            return Ok(());
        }
        for text in &self.texts {
            if !said.iter().any(|message| text.matches(message)) {
                return Err(format!("missing {kind}: {text}; got {said:?}"));
            }
        }
        match said.iter().find(|message| !self.texts.iter().any(|text| text.matches(message))) {
            Some(message) => Err(format!("unexpected {kind}: {message}")),
            None => Ok(()),
        }
    }
}
