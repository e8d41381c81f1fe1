//! The reference's regex dialect (RE2), translated to that of the `regex` crate.

const COMPILED_BYTES_MAX: usize = 10 << 20;

/// The pattern in the `regex` crate's syntax, matching whole values, `.` matching newlines.
pub fn translate(pattern: &str) -> Result<String, String> {
    Ok(format!("^(?s:{pattern})$"))
}

/// Compiles a pattern within bounds of memory.
pub fn compile(pattern: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(&translate(pattern)?)
        .size_limit(COMPILED_BYTES_MAX)
        .nest_limit(250)
        .build()
        .map_err(|error| error.to_string())
}
