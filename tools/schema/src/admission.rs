//! What a schema must not hold before it is compiled: other dialects, and more references and
//! patterns than can be followed and compiled with little stack and memory.
use serde_json::Value;

pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// The sum of the depths at which references stand: how deep following them can lead, at most.
const MAX_REFERENCE_DEPTH: usize = 2048;
const MAX_PATTERNS: usize = 256;

pub struct Refusal {
    pub pointer: String,
    pub message: String,
}

#[derive(Default)]
struct Census {
    reference_depth: usize,
    patterns: usize,
}

pub fn admit(schema: &Value) -> Result<(), Refusal> {
    let mut census = Census::default();
    census
        .visit(schema, 1, &mut Vec::new())
        .map_err(|(pointer, message)| Refusal { pointer, message })
}

type Found = Result<(), (String, String)>;

fn refuse(path: &[&str], message: impl Into<String>) -> Found {
    let pointer = path
        .iter()
        .map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1")))
        .collect();
    Err((pointer, message.into()))
}

impl Census {
    /// Visits all values, those that are no schemas, too: a reference may point to any.
    fn visit<'a>(&mut self, value: &'a Value, depth: usize, path: &mut Vec<&'a str>) -> Found {
        match value {
            Value::Array(items) => {
                items.iter().try_for_each(|item| self.visit(item, depth + 1, path))
            }
            Value::Object(members) => members.iter().try_for_each(|(name, member)| {
                path.push(name);
                self.member(name, member, depth, path)?;
                self.visit(member, depth + 1, path)?;
                path.pop();
                Ok(())
            }),
            _ => Ok(()),
        }
    }

    fn member(&mut self, name: &str, member: &Value, depth: usize, path: &[&str]) -> Found {
        match (name, member) {
            ("$schema", Value::String(dialect)) if dialect.trim_end_matches('#') != DIALECT => {
                refuse(path, format!("only the dialect {DIALECT} is known"))
            }
            ("$id", Value::String(id)) if is_reserved(id) => {
                refuse(path, "this name belongs to json-schema.org")
            }
            ("$ref" | "$dynamicRef", Value::String(target)) => {
                self.reference_depth += depth;
                if self.reference_depth > MAX_REFERENCE_DEPTH {
                    return refuse(path, "too many references");
                }
                if is_reserved(target)
                    && !target.starts_with("https://json-schema.org/draft/2020-12/")
                {
                    return refuse(
                        path,
                        "of other documents, only those of draft 2020-12 can be referred to",
                    );
                }
                Ok(())
            }
            ("pattern", Value::String(_)) => self.add_patterns(1, path),
            ("patternProperties", Value::Object(patterns)) => {
                self.add_patterns(patterns.len(), path)
            }
            _ => Ok(()),
        }
    }

    fn add_patterns(&mut self, count: usize, path: &[&str]) -> Found {
        self.patterns += count;
        if self.patterns > MAX_PATTERNS {
            return refuse(path, format!("more than {MAX_PATTERNS} patterns"));
        }
        Ok(())
    }
}

/// Whether the library may know a document by that name.
fn is_reserved(uri: &str) -> bool {
    uri.starts_with("https://json-schema.org/") || uri.starts_with("http://json-schema.org/")
}
