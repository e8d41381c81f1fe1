//! Metric names and label matchers.

use super::{Fault, Parsed, Parser, fault};
use crate::promql::ast::{Expr, ExprKind, Matcher, Span, VectorSelector};
use crate::promql::format::quote;
use crate::promql::ops::{BinaryOp, MatchOp};
use crate::promql::regex;
use crate::promql::token::{Token, TokenKind};
use hydrograph_storage::labels::METRIC_NAME;

/// What messages call this place.
const CONTEXT: &str = "label matching";

impl Parser<'_> {
    /// A selector, whose metric name was consumed already if it has one.
    pub(super) fn vector_selector(&mut self, name: Option<Token>) -> Parsed<Expr> {
        let (selector, span) = self.named_selector(name)?;
        self.check_selector(&selector, span);
        Ok(Expr::new(ExprKind::VectorSelector(Box::new(selector)), span))
    }

    /// A selector and nothing else.
    pub(super) fn series_selector(&mut self) -> Parsed<(VectorSelector, Span)> {
        let token = self.peek()?;
        if token.kind.is_metric_name() {
            self.next()?;
            return self.named_selector(Some(token));
        }
        if token.kind == TokenKind::LeftBrace {
            return self.named_selector(None);
        }
        self.unexpected()
    }

    fn named_selector(&mut self, name: Option<Token>) -> Parsed<(VectorSelector, Span)> {
        let mut selector = VectorSelector {
            name: name.map(|token| self.text(token).to_owned()),
            matchers: Vec::new(),
            offset: None,
            at: None,
            extension: None,
        };
        let mut span = name.map(|token| token.span);
        if let Some(open) = self.eat(TokenKind::LeftBrace)? {
            let close = self.matchers(&mut selector.matchers)?;
            span = Some(span.unwrap_or(open.span).to(close));
        }
        let span = span.unwrap_or_default();
        if let (Some(value), Some(token)) = (selector.name.clone(), name) {
            let name = METRIC_NAME.to_owned();
            selector.matchers.push(Matcher { name, op: MatchOp::Equal, value, span: token.span });
        }
        Ok((selector, span))
    }

    /// The matchers up to the closing brace, whose span is returned.
    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Parsed<Span> {
        if let Some(close) = self.eat(TokenKind::RightBrace)? {
            return Ok(close.span);
        }
        loop {
            matchers.push(self.matcher()?);
            let comma = self.eat(TokenKind::Comma)?;
            if let Some(close) = self.eat(TokenKind::RightBrace)? {
                return Ok(close.span);
            }
            if comma.is_none() {
                return self.unexpected_in(CONTEXT, "\",\" or \"}\"");
            }
        }
    }

    /// `name="value"`, `"any name"=~"pattern"`, or `"metric name"` alone.
    fn matcher(&mut self) -> Parsed<Matcher> {
        let token = self.peek()?;
        let name = match token.kind {
            TokenKind::Identifier => self.text(token).to_owned(),
            TokenKind::String => self.matcher_text(token)?,
            _ => return self.unexpected_in(CONTEXT, "identifier or \"}\""),
        };
        self.next()?;
        let op = match self.peek()?.kind {
            TokenKind::Assign => MatchOp::Equal,
            TokenKind::Operator(BinaryOp::Ne) => MatchOp::NotEqual,
            TokenKind::MatchRegex => MatchOp::Regex,
            TokenKind::MatchNotRegex => MatchOp::NotRegex,
            _ if token.kind == TokenKind::String => {
                let (value, name) = (name, METRIC_NAME.to_owned());
                return Ok(Matcher { name, op: MatchOp::Equal, value, span: token.span });
            }
            _ => return self.unexpected_in(CONTEXT, "label matching operator"),
        };
        self.next()?;
        let Some(value) = self.eat(TokenKind::String)? else {
            return self.unexpected_in(CONTEXT, "string");
        };
        let span = token.span.to(value.span);
        let value = self.matcher_text(value)?;
        if matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
            regex::check(&value).map_err(|message| Fault { span, message })?;
        }
        Ok(Matcher { name, op, value, span })
    }

    /// What a string of a matcher means. Names and values are UTF-8; the reference takes any
    /// bytes here, although no series can have them.
    fn matcher_text(&mut self, token: Token) -> Parsed<String> {
        let bytes = self.unquoted(token)?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| {
            let shown = quote(error.as_bytes());
            self.wrong(token.span, format!("matcher is not valid UTF-8: {shown}"));
            String::new()
        }))
    }

    /// A list of labels in parentheses: `(a, "b.c",)`.
    pub(super) fn grouping(&mut self) -> Parsed<Vec<String>> {
        const CONTEXT: &str = "grouping opts";
        let mut labels = Vec::new();
        if self.eat(TokenKind::LeftParen)?.is_none() {
            return self.unexpected_in(CONTEXT, "\"(\"");
        }
        if self.eat(TokenKind::RightParen)?.is_some() {
            return Ok(labels);
        }
        loop {
            let token = self.peek()?;
            labels.push(match token.kind {
                TokenKind::String => self.grouping_string(token)?,
                kind if kind.is_label_name() => self.text(token).to_owned(),
                _ => return self.unexpected_in(CONTEXT, "label"),
            });
            self.next()?;
            let comma = self.eat(TokenKind::Comma)?;
            if self.eat(TokenKind::RightParen)?.is_some() {
                return Ok(labels);
            }
            if comma.is_none() {
                return self.unexpected_in(CONTEXT, "\",\" or \")\"");
            }
        }
    }

    fn grouping_string(&self, token: Token) -> Parsed<String> {
        let bytes = self.unquoted(token)?;
        match String::from_utf8(bytes) {
            Ok(label) if !label.is_empty() => Ok(label),
            Ok(_) => fault(token.span, "invalid label name for grouping: \"\""),
            Err(error) => {
                let shown = quote(error.as_bytes());
                fault(token.span, format!("invalid label name for grouping: {shown}"))
            }
        }
    }
}
