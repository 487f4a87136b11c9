//! nginx's own lexer (`ngx_conf_read_token`) and the tree of its directives.
//!
//! Our own, because the crate nginx-lint-parser drops the `$` of variables.

use std::sync::Arc;

use crate::facts::{Origin, Unknown};

/// Largest file, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Deepest nesting of blocks.
const MAX_DEPTH: usize = 32;
/// Most directives of one file.
pub(super) const MAX_DIRECTIVES: usize = 50_000;

/// One directive, with its block where it has one.
#[derive(Clone, Debug)]
pub(super) struct Directive {
    pub name: String,
    pub args: Vec<String>,
    pub block: Option<Vec<Directive>>,
    pub file: Arc<str>,
    pub line: u32,
    pub column: u32,
    /// Set where something unseen stands here: an include that nobody could read.
    pub unseen: Option<Unknown>,
}

impl Directive {
    /// The first argument, or nothing.
    pub(super) fn arg(&self) -> &str {
        self.args.first().map_or("", String::as_str)
    }

    /// What stands in its block.
    pub(super) fn children(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }

    /// `nginx.conf:12`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// Where it stands.
    pub(super) fn origin(&self) -> Arc<Origin> {
        Origin::file(&self.file, self.line, self.column)
    }
}

/// Reads one file; the error says where and what, never with a word of the file.
pub(super) fn parse(text: &str, file: &Arc<str>) -> Result<Vec<Directive>, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("{file}: larger than 2 MiB"));
    }
    let mut parser = Parser { lexer: Lexer::new(text), file, count: 0 };
    parser.block(0).map_err(|what| format!("{file}:{}: {what}", parser.lexer.line))
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    file: &'a Arc<str>,
    count: usize,
}

impl Parser<'_> {
    /// Directives up to the end of the block, or of the file at depth 0.
    fn block(&mut self, depth: usize) -> Result<Vec<Directive>, &'static str> {
        if depth > MAX_DEPTH {
            return Err("blocks are nested more than 32 deep");
        }
        let mut found = Vec::new();
        loop {
            let Some(mut directive) = self.words(depth)? else { return Ok(found) };
            self.count += 1;
            if self.count > MAX_DIRECTIVES {
                return Err("more than 50,000 directives");
            }
            if self.lexer.opened {
                directive.block = Some(if directive.name.ends_with("_by_lua_block") {
                    self.lexer.skip_lua()?;
                    Vec::new()
                } else {
                    self.block(depth + 1)?
                });
            }
            found.push(directive);
        }
    }

    /// The words of one directive up to `;` or `{`; nothing where the block ends.
    fn words(&mut self, depth: usize) -> Result<Option<Directive>, &'static str> {
        let mut directive: Option<Directive> = None;
        loop {
            match (self.lexer.next()?, &mut directive) {
                (Token::Word(word, line, column), None) => {
                    let file = Arc::clone(self.file);
                    directive = Some(Directive { name: word, args: Vec::new(), block: None, file, line, column, unseen: None });
                }
                (Token::Word(word, ..), Some(directive)) => directive.args.push(word),
                (Token::End | Token::Open, None) => return Err("a `;` or `{` without a directive before it"),
                (Token::End, Some(_)) => {
                    self.lexer.opened = false;
                    return Ok(directive);
                }
                (Token::Open, Some(_)) => {
                    self.lexer.opened = true;
                    return Ok(directive);
                }
                (Token::Close, None) if depth > 0 => return Ok(None),
                (Token::Eof, None) if depth == 0 => return Ok(None),
                (Token::Close, None) => return Err("a `}` that closes nothing"),
                (Token::Close, Some(_)) => return Err("a `}` where `;` was expected"),
                (Token::Eof, _) => return Err("the file ends inside a block or a directive"),
            }
        }
    }
}

enum Token {
    Word(String, u32, u32),
    End,
    Open,
    Close,
    Eof,
}

struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    column: u32,
    /// Whether the last directive ended with `{`.
    opened: bool,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { rest: text.chars().peekable(), line: 1, column: 1, opened: false }
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn next(&mut self) -> Result<Token, &'static str> {
        loop {
            let (line, column) = (self.line, self.column);
            let Some(c) = self.rest.peek().copied() else { return Ok(Token::Eof) };
            match c {
                ' ' | '\t' | '\r' | '\n' => {
                    self.take();
                }
                '#' => while self.take().is_some_and(|c| c != '\n') {},
                ';' | '{' | '}' => {
                    self.take();
                    return Ok(match c {
                        ';' => Token::End,
                        '{' => Token::Open,
                        _ => Token::Close,
                    });
                }
                '"' | '\'' => return Ok(Token::Word(self.quoted(c)?, line, column)),
                _ => return Ok(Token::Word(self.bare(), line, column)),
            }
        }
    }

    /// A word in quotes; behind them nginx wants a space, `;`, `{` or `)`.
    fn quoted(&mut self, quote: char) -> Result<String, &'static str> {
        self.take();
        let mut word = String::new();
        loop {
            match self.take().ok_or("a quote is never closed")? {
                '\\' => self.escaped(&mut word),
                c if c == quote => break,
                c => word.push(c),
            }
        }
        match self.rest.peek().copied() {
            None | Some(' ' | '\t' | '\r' | '\n' | ';' | '{') => Ok(word),
            Some(')') => {
                word.push_str(&self.bare());
                Ok(word)
            }
            Some(_) => Err("something follows a closing quote without a space"),
        }
    }

    /// A word without quotes; `${` does not open a block, and `}` inside a word is a letter.
    fn bare(&mut self) -> String {
        let mut word = String::new();
        let mut variable = false;
        while let Some(c) = self.rest.peek().copied() {
            if matches!(c, ' ' | '\t' | '\r' | '\n' | ';') || (c == '{' && !variable) {
                break;
            }
            self.take();
            variable = c == '$';
            match c {
                '\\' => self.escaped(&mut word),
                c => word.push(c),
            }
        }
        word
    }

    /// What stands behind a backslash: only quotes, the backslash itself and t, r, n lose it.
    fn escaped(&mut self, word: &mut String) {
        match self.take() {
            Some(c @ ('"' | '\'' | '\\')) => word.push(c),
            Some('t') => word.push('\t'),
            Some('r') => word.push('\r'),
            Some('n') => word.push('\n'),
            Some(c) => word.extend(['\\', c]),
            None => {}
        }
    }

    /// Skips Lua code up to the brace that ends it.
    fn skip_lua(&mut self) -> Result<(), &'static str> {
        let mut depth = 1_u32;
        while depth > 0 {
            match self.take().ok_or("a block of Lua code is never closed")? {
                '{' => depth += 1,
                '}' => depth -= 1,
                '-' if self.rest.peek() == Some(&'-') => while self.take().is_some_and(|c| c != '\n') {},
                quote @ ('"' | '\'') => {
                    while let Some(c) = self.take().filter(|c| *c != quote && *c != '\n') {
                        if c == '\\' {
                            self.take();
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Directive>, String> {
        parse(text, &"n.conf".into())
    }

    #[test]
    fn words_quotes_variables_and_comments() {
        let found = read("a 'b;c' \"d \\\" e\" ${f}g h#i;# j\nk { l \\.x$; }").unwrap();
        assert_eq!(found[0].args, ["b;c", "d \" e", "${f}g", "h#i"]);
        assert_eq!(found[1].children()[0].args, ["\\.x$"]);
        assert_eq!((found[1].line, found[1].column), (2, 1));
        assert_eq!(read("if ($a = \"b\") {}").unwrap()[0].args, ["($a", "=", "b)"]);
        assert!(read("content_by_lua_block { local t = {1} -- }\n s = '}' } a b;").unwrap()[1].arg() == "b");
    }

    #[test]
    fn what_nginx_refuses_is_an_error_with_its_line() {
        for wrong in ["a", "a {", "}", "a }", ";", "a 'b", "a 'b'c;", "a b; {"] {
            assert!(read(wrong).unwrap_err().starts_with("n.conf:1: "), "{wrong}");
        }
        assert!(read(&"a {".repeat(40)).is_err());
        assert!(read(&"a;".repeat(MAX_DIRECTIVES + 1)).is_err());
    }
}
