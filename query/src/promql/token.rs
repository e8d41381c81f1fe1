//! Tokens: what the lexer hands to the parser, and how messages name them.

use super::ast::Span;
use super::format::quote;
use super::ops::{AggregateOp, BinaryOp};

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Eof,
    Comma,
    Colon,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    /// `=`
    Assign,
    /// `=~`
    MatchRegex,
    /// `!~`
    MatchNotRegex,
    /// `@`
    At,
    String,
    Number,
    Duration,
    Identifier,
    /// An identifier with a colon in it.
    MetricIdentifier,
    Operator(BinaryOp),
    Aggregate(AggregateOp),
    Keyword(Keyword),
}

/// Words with a meaning of their own in some places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Anchored,
    Bool,
    By,
    End,
    Fill,
    FillLeft,
    FillRight,
    GroupLeft,
    GroupRight,
    Ignoring,
    MaxOf,
    MinOf,
    Offset,
    On,
    Range,
    Smoothed,
    Start,
    Step,
    Without,
}

impl TokenKind {
    /// What a word means outside of braces, whatever its case.
    pub(super) fn of_word(word: &str) -> Self {
        use Keyword as K;
        /// The length of the longest word below.
        const LONGEST: usize = 12;
        let mut lower = [0; LONGEST];
        let Some(lower) = lower.get_mut(..word.len()) else { return Self::plain(word) };
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        match &*lower {
            b"and" => Self::Operator(BinaryOp::And),
            b"or" => Self::Operator(BinaryOp::Or),
            b"unless" => Self::Operator(BinaryOp::Unless),
            b"atan2" => Self::Operator(BinaryOp::Atan2),
            b"sum" => Self::Aggregate(AggregateOp::Sum),
            b"avg" => Self::Aggregate(AggregateOp::Avg),
            b"count" => Self::Aggregate(AggregateOp::Count),
            b"min" => Self::Aggregate(AggregateOp::Min),
            b"max" => Self::Aggregate(AggregateOp::Max),
            b"group" => Self::Aggregate(AggregateOp::Group),
            b"stddev" => Self::Aggregate(AggregateOp::Stddev),
            b"stdvar" => Self::Aggregate(AggregateOp::Stdvar),
            b"topk" => Self::Aggregate(AggregateOp::Topk),
            b"bottomk" => Self::Aggregate(AggregateOp::Bottomk),
            b"count_values" => Self::Aggregate(AggregateOp::CountValues),
            b"quantile" => Self::Aggregate(AggregateOp::Quantile),
            b"limitk" => Self::Aggregate(AggregateOp::Limitk),
            b"limit_ratio" => Self::Aggregate(AggregateOp::LimitRatio),
            b"offset" => Self::Keyword(K::Offset),
            b"smoothed" => Self::Keyword(K::Smoothed),
            b"anchored" => Self::Keyword(K::Anchored),
            b"by" => Self::Keyword(K::By),
            b"without" => Self::Keyword(K::Without),
            b"on" => Self::Keyword(K::On),
            b"ignoring" => Self::Keyword(K::Ignoring),
            b"group_left" => Self::Keyword(K::GroupLeft),
            b"group_right" => Self::Keyword(K::GroupRight),
            b"fill" => Self::Keyword(K::Fill),
            b"fill_left" => Self::Keyword(K::FillLeft),
            b"fill_right" => Self::Keyword(K::FillRight),
            b"bool" => Self::Keyword(K::Bool),
            b"start" => Self::Keyword(K::Start),
            b"end" => Self::Keyword(K::End),
            b"inf" | b"nan" => Self::Number,
            _ => Self::of_duration_word(lower).unwrap_or_else(|| Self::plain(word)),
        }
    }

    /// The words that may stand in a duration expression; in lower case already.
    pub(super) fn of_duration_word(lower: &[u8]) -> Option<Self> {
        Some(Self::Keyword(match lower {
            b"step" => Keyword::Step,
            b"range" => Keyword::Range,
            b"max_of" => Keyword::MaxOf,
            b"min_of" => Keyword::MinOf,
            _ => return None,
        }))
    }

    fn plain(word: &str) -> Self {
        if word.contains(':') { Self::MetricIdentifier } else { Self::Identifier }
    }

    /// Whether it may be a metric name.
    pub(super) fn is_metric_name(self) -> bool {
        use Keyword as K;
        match self {
            Self::Identifier | Self::MetricIdentifier | Self::Aggregate(_) => true,
            Self::Operator(op) => op.is_set(),
            Self::Keyword(keyword) => {
                !matches!(keyword, K::Bool | K::On | K::Ignoring | K::GroupLeft | K::GroupRight)
            }
            _ => false,
        }
    }

    /// Whether it may be a label name in a grouping.
    pub(super) fn is_label_name(self) -> bool {
        match self {
            Self::Identifier | Self::MetricIdentifier | Self::Aggregate(_) => true,
            Self::Operator(op) => op.is_set() || op == BinaryOp::Atan2,
            Self::Keyword(keyword) => keyword != Keyword::Without,
            _ => false,
        }
    }
}

impl Token {
    /// How messages name it.
    pub(super) fn describe(&self, query: &str) -> String {
        let text = &query[self.span.start as usize..self.span.end as usize];
        let quoted = || {
            let cut = text.char_indices().nth(10).map_or(text.len(), |(cut, _)| cut);
            let dots = if text.len() > 10 { "..." } else { "" };
            format!("{}{dots}", quote(&text.as_bytes()[..cut]))
        };
        match self.kind {
            TokenKind::Eof => "end of input".to_owned(),
            TokenKind::Identifier => format!("identifier {}", quote(text.as_bytes())),
            TokenKind::MetricIdentifier => format!("metric identifier {}", quote(text.as_bytes())),
            TokenKind::String => format!("string {}", quoted()),
            TokenKind::Number => format!("number {}", quoted()),
            TokenKind::Duration => format!("duration {}", quoted()),
            TokenKind::Aggregate(_) => format!("<aggr:{text}>"),
            TokenKind::Operator(_)
            | TokenKind::At
            | TokenKind::MatchRegex
            | TokenKind::MatchNotRegex => format!("<op:{text}>"),
            TokenKind::Keyword(
                Keyword::Start
                | Keyword::End
                | Keyword::Step
                | Keyword::Range
                | Keyword::MaxOf
                | Keyword::MinOf,
            ) => quoted(),
            TokenKind::Keyword(_) => format!("<{text}>"),
            _ => quoted(),
        }
    }
}
