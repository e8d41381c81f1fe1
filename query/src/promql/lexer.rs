//! Text to tokens, one at a time, only as far as the parser asks.
//!
//! What a character means depends on the brackets around it: within braces words are plain
//! names, within `[` and the first number only durations are known. The lexer keeps that state
//! itself, as the reference's does, since messages depend on it. It stops at the first fault,
//! which covers the text from the token's start to the end of the query.

mod braces;
mod bracket;
mod number;
mod string;

use super::ast::Span;
use super::format::quote_char;
use super::ops::BinaryOp;
use super::token::{Keyword, Token, TokenKind};

/// A fault: the place from which the text could not be read, and why.
#[derive(Debug)]
pub(super) struct LexError {
    pub(super) start: u32,
    pub(super) message: String,
}

/// Where the lexer stands among brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Plain,
    Braces,
    /// Between `[` or `:` and the first number thereafter.
    Duration,
}

/// Reads tokens from a query text.
pub(super) struct Lexer<'a> {
    input: &'a str,
    /// The next byte to read.
    pos: usize,
    /// Where the current token starts.
    start: usize,
    mode: Mode,
    paren_depth: u32,
    bracket_open: bool,
    /// A `:` was seen since the bracket was opened.
    got_colon: bool,
    /// A number was seen since any bracket was opened.
    got_duration: bool,
}

type Lexed = Result<Token, LexError>;

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a str) -> Self {
        Self {
            input,
            pos: 0,
            start: 0,
            mode: Mode::Plain,
            paren_depth: 0,
            bracket_open: false,
            got_colon: false,
            got_duration: false,
        }
    }

    /// The text of a span.
    pub(super) fn text(&self, span: Span) -> &'a str {
        &self.input[span.start as usize..span.end as usize]
    }

    pub(super) fn input(&self) -> &'a str {
        self.input
    }

    /// The next token; [`TokenKind::Eof`] at the end, again and again.
    pub(super) fn next(&mut self) -> Lexed {
        self.skip_blanks();
        self.start = self.pos;
        match self.mode {
            Mode::Plain => self.plain(),
            Mode::Braces => self.braces(),
            Mode::Duration => self.duration(),
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            while self.peek_byte().is_some_and(is_space) {
                self.pos += 1;
            }
            if self.mode == Mode::Duration || self.peek_byte() != Some(b'#') {
                return;
            }
            while self.peek_byte().is_some_and(|b| b != b'\n' && b != b'\r') {
                self.pos += 1;
            }
        }
    }

    fn peek_byte(&self) -> Option<u8> {
        self.input.as_bytes().get(self.pos).copied()
    }

    /// The next character, which is consumed.
    fn bump(&mut self) -> Option<char> {
        let c = self.input[self.pos..].chars().next()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    /// Consumes the next byte if it is this one.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek_byte() == Some(byte);
        self.pos += usize::from(found);
        found
    }

    /// Consumes the next byte if it is one of these.
    fn eat_any(&mut self, bytes: &[u8]) -> bool {
        let found = self.peek_byte().is_some_and(|b| bytes.contains(&b));
        self.pos += usize::from(found);
        found
    }

    fn span(&self) -> Span {
        Span::new(self.start as u32, self.pos as u32)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the last step of functions that may fail")]
    fn emit(&self, kind: TokenKind) -> Lexed {
        Ok(Token { kind, span: self.span() })
    }

    fn operator(&self, op: BinaryOp) -> Lexed {
        self.emit(TokenKind::Operator(op))
    }

    fn fault(&self, message: impl Into<String>) -> Lexed {
        Err(LexError { start: self.start as u32, message: message.into() })
    }

    /// A fault found just behind a token that was already complete.
    fn fault_behind(&mut self, message: impl Into<String>) -> Lexed {
        self.start = self.pos;
        self.fault(message)
    }

    fn plain(&mut self) -> Lexed {
        let Some(c) = self.bump() else { return self.end_of_input() };
        match c {
            ',' => self.emit(TokenKind::Comma),
            '@' => self.emit(TokenKind::At),
            '=' | '!' | '<' | '>' => self.comparison(c),
            '0'..='9' => self.number_or_duration(),
            '.' if self.peek_byte().is_some_and(|b| b.is_ascii_digit()) => {
                self.number_or_duration()
            }
            '"' | '\'' | '`' => self.string(c),
            ':' if self.bracket_open => self.plain_colon(),
            _ if is_alpha(c) || c == ':' => self.word(c),
            '(' | ')' => self.paren(c),
            '{' => {
                self.mode = Mode::Braces;
                self.emit(TokenKind::LeftBrace)
            }
            '[' => self.left_bracket(),
            ']' if !self.bracket_open => {
                self.fault(format!("unexpected right bracket {}", quote_char(c)))
            }
            ']' => {
                self.bracket_open = false;
                self.emit(TokenKind::RightBracket)
            }
            _ => match arithmetic(c) {
                Some(op) => self.operator(op),
                None => self.fault(format!("unexpected character: {}", quote_char(c))),
            },
        }
    }

    fn end_of_input(&self) -> Lexed {
        if self.paren_depth != 0 {
            return self.fault("unclosed left parenthesis");
        }
        if self.bracket_open {
            return self.fault("unclosed left bracket");
        }
        self.emit(TokenKind::Eof)
    }

    fn comparison(&mut self, c: char) -> Lexed {
        match c {
            '=' if self.eat(b'=') => self.operator(BinaryOp::Eq),
            '=' if self.peek_byte() == Some(b'~') => {
                self.fault("unexpected character after '=': '~'")
            }
            '=' => self.emit(TokenKind::Assign),
            '!' if self.eat(b'=') => self.operator(BinaryOp::Ne),
            '!' => {
                let after = quote_char(self.bump().unwrap_or(char::REPLACEMENT_CHARACTER));
                self.fault(format!("unexpected character after '!': {after}"))
            }
            '<' if self.eat(b'=') => self.operator(BinaryOp::Le),
            '<' if self.eat(b'/') => self.operator(BinaryOp::TrimUpper),
            '<' => self.operator(BinaryOp::Lt),
            _ if self.eat(b'=') => self.operator(BinaryOp::Ge),
            _ if self.eat(b'/') => self.operator(BinaryOp::TrimLower),
            _ => self.operator(BinaryOp::Gt),
        }
    }

    fn paren(&mut self, c: char) -> Lexed {
        if c == '(' {
            self.paren_depth += 1;
            return self.emit(TokenKind::LeftParen);
        }
        match self.paren_depth.checked_sub(1) {
            Some(depth) => {
                self.paren_depth = depth;
                self.emit(TokenKind::RightParen)
            }
            None => self.fault_behind("unexpected right parenthesis ')'"),
        }
    }

    /// A name or keyword; behind the first number of a bracket only those of durations.
    fn word(&mut self, first: char) -> Lexed {
        if self.bracket_open {
            return match self.duration_word(first) {
                Some(kind) => self.emit(kind),
                None => {
                    self.fault(format!("unexpected character: {}, expected ':'", quote_char(first)))
                }
            };
        }
        while self.peek_byte().is_some_and(|b| is_word(b) || b == b':') {
            self.pos += 1;
        }
        let kind = TokenKind::of_word(self.text(self.span()));
        let is_fill = matches!(
            kind,
            TokenKind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight)
        );
        if is_fill && !self.is_before_paren() {
            return self.emit(TokenKind::Identifier);
        }
        self.emit(kind)
    }

    fn is_before_paren(&self) -> bool {
        let rest = &self.input.as_bytes()[self.pos..];
        rest.iter().copied().find(|&b| !is_space(b)) == Some(b'(')
    }
}

/// The operators of one character that also durations know.
fn arithmetic(c: char) -> Option<BinaryOp> {
    Some(match c {
        '+' => BinaryOp::Add,
        '-' => BinaryOp::Sub,
        '*' => BinaryOp::Mul,
        '/' => BinaryOp::Div,
        '%' => BinaryOp::Mod,
        '^' => BinaryOp::Pow,
        _ => return None,
    })
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

fn is_alpha(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic()
}

/// Whether a byte continues a word.
fn is_word(b: u8) -> bool {
    b == b'_' || b.is_ascii_alphanumeric()
}
