//! Tokens to a typed tree, or the first fault.
//!
//! Operators are parsed with a stack of their own (Pratt's precedences without his recursion);
//! only brackets recurse, at most [`DEPTH_MAX`] deep. Two kinds of faults: what cannot be
//! parsed ends the parse at once; what has a wrong type is kept, since a later fault of the
//! first kind comes before it. The laws of types are in `check`.
//!
//! The reference is a generated parser. Where it decides after looking one token ahead, this one
//! looks ahead too, and nowhere else: the order in which faults are found depends on it.

mod aggregate;
mod bracket;
mod call;
mod check;
mod duration;
mod expression;
mod literal;
mod matching;
mod modifier;
mod selector;

use super::Options;
use super::ast::{DEPTH_MAX, Expr, ExprKind, Matcher, Span};
use super::error::ParseError;
use super::lexer::Lexer;
use super::token::{Token, TokenKind};

/// What is wrong with which bytes.
#[derive(Debug)]
pub(super) struct Fault {
    span: Span,
    message: String,
}

type Parsed<T> = Result<T, Fault>;

fn fault<T>(span: Span, message: impl Into<String>) -> Parsed<T> {
    Err(Fault { span, message: message.into() })
}

pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    options: Options,
    /// The token that was looked at but not consumed.
    ahead: Option<Token>,
    /// The end of the last closing bracket or number that was read, looked at or consumed. The
    /// reference takes it for the end of a selector with modifiers.
    last_closing: u32,
    /// Faults of type so far, in the order in which the reference finds them.
    wrong_types: Vec<Fault>,
    /// Brackets that are open around here.
    depth: u16,
    /// Aggregations among them; messages name them.
    aggregations: u16,
}

impl<'a> Parser<'a> {
    pub(super) fn new(input: &'a str, options: Options) -> Self {
        Self {
            lexer: Lexer::new(input),
            options,
            ahead: None,
            last_closing: 0,
            wrong_types: Vec::new(),
            depth: 0,
            aggregations: 0,
        }
    }

    /// The whole text as one expression.
    pub(super) fn query(mut self) -> Result<Expr, ParseError> {
        let parsed = self.whole(|parser| {
            if parser.peek()?.kind == TokenKind::Eof {
                return fault(Span::default(), "no expression found in input");
            }
            parser.expression()
        });
        self.first_fault(parsed)
    }

    /// The whole text as one selector; it may select everything.
    pub(super) fn selector_query(mut self) -> Result<Vec<Matcher>, ParseError> {
        let parsed = self.whole(Self::series_selector);
        self.first_fault(parsed).map(|(selector, _)| selector.matchers)
    }

    fn whole<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let parsed = parse(self)?;
        let next = self.peek()?;
        if next.kind == TokenKind::Eof { Ok(parsed) } else { self.unexpected_in("", "") }
    }

    /// What the caller gets to see.
    fn first_fault<T>(self, parsed: Parsed<T>) -> Result<T, ParseError> {
        // Where the depth ended the parse, a fault of type was there before.
        let first = match parsed {
            Err(fault) if fault.message != TOO_DEEP => Err(fault),
            parsed => match self.wrong_types.into_iter().next() {
                Some(wrong_type) => Err(wrong_type),
                None => parsed,
            },
        };
        first.map_err(|Fault { span, message }| ParseError::new(self.lexer.input(), span, message))
    }

    /// The next token, which stays.
    fn peek(&mut self) -> Parsed<Token> {
        if let Some(token) = self.ahead {
            return Ok(token);
        }
        let token = self.lexer.next().map_err(|error| Fault {
            span: Span::new(error.start, self.lexer.input().len() as u32),
            message: error.message,
        })?;
        if matches!(
            token.kind,
            TokenKind::RightBrace
                | TokenKind::RightParen
                | TokenKind::RightBracket
                | TokenKind::Duration
                | TokenKind::Number
        ) {
            self.last_closing = token.span.end;
        }
        self.ahead = Some(token);
        Ok(token)
    }

    /// The next token, which is consumed.
    fn next(&mut self) -> Parsed<Token> {
        let token = self.peek()?;
        self.ahead = None;
        Ok(token)
    }

    /// Consumes the next token if it is of this kind.
    fn eat(&mut self, kind: TokenKind) -> Parsed<Option<Token>> {
        let token = self.peek()?;
        if token.kind != kind {
            return Ok(None);
        }
        self.ahead = None;
        Ok(Some(token))
    }

    /// The next token must be of this kind.
    fn expect(&mut self, kind: TokenKind) -> Parsed<Token> {
        match self.eat(kind)? {
            Some(token) => Ok(token),
            None => self.unexpected(),
        }
    }

    fn text(&self, token: Token) -> &'a str {
        self.lexer.text(token.span)
    }

    /// The next token cannot stand here, in an expression.
    fn unexpected<T>(&mut self) -> Parsed<T> {
        let context = if self.aggregations > 0 { "aggregation" } else { "" };
        self.unexpected_in(context, "")
    }

    /// The next token cannot stand here.
    fn unexpected_in<T>(&mut self, context: &str, expected: &str) -> Parsed<T> {
        let token = self.peek()?;
        let mut message = format!("unexpected {}", token.describe(self.lexer.input()));
        if !context.is_empty() {
            message = format!("{message} in {context}");
        }
        if !expected.is_empty() {
            message = format!("{message}, expected {expected}");
        }
        fault(token.span, message)
    }

    /// Parses what stands in brackets, unless too many are open.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            let span = self.peek()?.span;
            return fault(span, TOO_DEEP);
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }
}

/// A new node, unless the tree becomes too deep with it.
fn node(kind: ExprKind, span: Span) -> Parsed<Expr> {
    let expr = Expr::new(kind, span);
    if expr.depth() > DEPTH_MAX { fault(span, TOO_DEEP) } else { Ok(expr) }
}

const TOO_DEEP: &str = "expression is nested too deeply";
