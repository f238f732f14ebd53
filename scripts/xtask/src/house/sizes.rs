//! Small files, small functions: the central state machine grows without limit unless a test forbids
//! it.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::House;
use crate::tree::File;

/// Lines of a file of code.
const FILE_LINES: usize = 800;
/// Lines of a function, from its signature to its last brace.
const FUNCTION_LINES: usize = 70;
/// What counts as code.
const CODE: [&str; 5] = ["rs", "ts", "js", "svelte", "py"];

/// Files and functions that are too long.
#[must_use]
pub fn check(house: &House) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in &house.files {
        if !CODE.contains(&file.extension()) || file.is_generated() {
            continue;
        }
        let lines = file.text.lines().count();
        if lines > FILE_LINES {
            complaints.push(format!(
                "{}: {lines} lines, {FILE_LINES} at most",
                file.path
            ));
        }
        if file.extension() == "rs" {
            complaints.extend(long_functions(file));
        }
    }
    complaints
}

fn long_functions(file: &File) -> Vec<String> {
    let Ok(parsed) = syn::parse_file(&file.text) else {
        return vec![format!("{}: is not Rust", file.path)];
    };
    let mut functions = Functions::default();
    functions.visit_file(&parsed);
    functions
        .found
        .iter()
        .filter(|function| function.lines > FUNCTION_LINES)
        .map(|function| {
            format!(
                "{}:{}: fn {} has {} lines, {FUNCTION_LINES} at most",
                file.path, function.line, function.name, function.lines
            )
        })
        .collect()
}

#[derive(Default)]
struct Functions {
    found: Vec<Function>,
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
}

impl Functions {
    fn take(&mut self, signature: &syn::Signature, end: Span) {
        let line = signature.span().start().line;
        self.found.push(Function {
            name: signature.ident.to_string(),
            line,
            lines: end.end().line + 1 - line,
        });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.take(&item.sig, item.block.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.take(&item.sig, item.block.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.take(&item.sig, item.span());
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: String) -> House {
        let path = path.into();
        House {
            files: vec![File { path, text }],
            packages: Vec::new(),
        }
    }

    #[test]
    fn a_long_function_is_seen_wherever_it_is() {
        let body = "let _ = 1;\n".repeat(FUNCTION_LINES - 2);
        let fits = format!("impl X {{ fn f() {{\n{body}}} }}");
        assert_eq!(check(&file("a.rs", fits)), [""; 0]);
        let long = format!("mod m {{ trait X {{ /// Doc.\n fn f() {{\n{body}let _ = 1;\n}} }} }}");
        let got = check(&file("a.rs", long));
        assert_eq!(got, ["a.rs:2: fn f has 71 lines, 70 at most"]);
    }

    #[test]
    fn a_long_file_is_seen_unless_it_was_generated() {
        let long = "//\n".repeat(801);
        assert_eq!(check(&file("a.ts", long.clone())).len(), 1);
        assert_eq!(check(&file("a.md", long.clone())).len(), 0);
        let generated = format!("// This file is auto-generated.\n{long}");
        assert_eq!(check(&file("a.ts", generated)).len(), 0);
    }
}
