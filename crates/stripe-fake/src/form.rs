//! Forms with nested names, such as `line_items[0][price_data][currency]=usd`.

use std::collections::BTreeMap;

use crate::answer::ApiError;

/// The longest form that is read, in fields.
const FIELDS_MAX: usize = 1000;
/// The deepest nesting that is read.
const DEPTH_MAX: usize = 8;

/// A form, by the path of each field: the parts of its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form {
    fields: BTreeMap<Vec<String>, String>,
}

impl Form {
    /// Reads a query or a body. `name[]` is the next place of a list.
    pub(crate) fn decode(text: &str) -> Result<Self, ApiError> {
        let mut form = Self::default();
        for field in text.split('&').filter(|field| !field.is_empty()) {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let (name, value) = (unescape(name)?, unescape(value)?);
            let mut path = parts(&name)?;
            for at in 0..path.len() {
                if path[at].is_empty() {
                    let taken = |place: &usize| {
                        let place = place.to_string();
                        form.fields
                            .keys()
                            .any(|other| other.get(at) == Some(&place) && other[..at] == path[..at])
                    };
                    let free = (0..=form.fields.len()).find(|place| !taken(place));
                    path[at] = free.unwrap_or_default().to_string();
                }
            }
            if form.fields.insert(path, value).is_some() {
                return Err(malformed(&format!("{name} is there twice")));
            }
            if form.fields.len() > FIELDS_MAX {
                return Err(malformed("there are too many fields"));
            }
        }
        form.check_shape()?;
        Ok(form)
    }

    /// A name is either a value or has parts, not both.
    fn check_shape(&self) -> Result<(), ApiError> {
        for (path, next) in self.fields.keys().zip(self.fields.keys().skip(1)) {
            if next.starts_with(path) {
                return Err(malformed(&format!("{} is a value and an object", named(path))));
            }
        }
        Ok(())
    }

    /// The value of a field by its name, such as `created[gte]`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let path = parts(name).ok()?;
        self.fields.get(&path).map(String::as_str)
    }

    /// A whole number; a form that was checked holds no other text there.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    /// The values below a name, by the last part of their own.
    pub(crate) fn below(&self, name: &str) -> Vec<(&str, &str)> {
        let Ok(above) = parts(name) else { return Vec::new() };
        let fits = |path: &[String]| path.len() == above.len() + 1 && path.starts_with(&above);
        let fields = self.fields.iter().filter(|(path, _)| fits(path));
        fields.map(|(path, value)| (path[above.len()].as_str(), value.as_str())).collect()
    }

    /// Whether anything is said below a name.
    pub(crate) fn has(&self, name: &str) -> bool {
        let Ok(above) = parts(name) else { return false };
        self.fields.keys().any(|path| path.starts_with(&above))
    }

    /// All fields.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[String], &str)> {
        self.fields.iter().map(|(path, value)| (path.as_slice(), value.as_str()))
    }
}

/// A path as it is written in a form.
pub(crate) fn named(path: &[String]) -> String {
    let mut name = path.first().cloned().unwrap_or_default();
    for part in path.iter().skip(1) {
        name.extend(["[", part, "]"]);
    }
    name
}

/// `a[b][]` as `a`, `b` and an empty part.
fn parts(name: &str) -> Result<Vec<String>, ApiError> {
    let wrong = || malformed(&format!("the name {name} cannot be read"));
    let (first, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    if first.is_empty() || first.contains(']') {
        return Err(wrong());
    }
    let mut parts = vec![first.to_owned()];
    while !rest.is_empty() {
        let inner = rest.strip_prefix('[').ok_or_else(wrong)?;
        let (part, after) = inner.split_once(']').ok_or_else(wrong)?;
        if part.contains('[') || parts.len() >= DEPTH_MAX {
            return Err(wrong());
        }
        parts.push(part.to_owned());
        rest = after;
    }
    Ok(parts)
}

fn unescape(text: &str) -> Result<String, ApiError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next(), rest.next()].map(Option::unwrap_or_default);
                let digits = std::str::from_utf8(&digits).unwrap_or_default();
                u8::from_str_radix(digits, 16).map_err(|_| malformed("an escape is not hex"))?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed("the form is not UTF-8"))
}

fn malformed(why: &str) -> ApiError {
    ApiError::invalid(None, "", format!("Invalid request: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Option<String> {
        Form::decode(text).unwrap().get(name).map(str::to_owned)
    }

    #[test]
    fn nested_names_are_read() {
        let text = "a%5Bb%5D[0][c]=x+y%26&a[b][1][c]=z&list[]=1&list[]=2";
        assert_eq!(value(text, "a[b][0][c]").as_deref(), Some("x y&"));
        assert_eq!(value(text, "a[b][1][c]").as_deref(), Some("z"));
        assert_eq!(value(text, "list[1]").as_deref(), Some("2"));
        assert_eq!(Form::decode(text).unwrap().below("list"), [("0", "1"), ("1", "2")]);
    }

    #[test]
    fn what_has_two_meanings_is_refused() {
        for text in
            ["a=1&a=2", "a=1&a[b]=2", "a[b=1", "[a]=1", "a]=1", "a=%zz", "a=%ff", "a[[b]]=1"]
        {
            assert!(Form::decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_are_written_as_they_were_read() {
        assert_eq!(named(&parts("a[b][0]").unwrap()), "a[b][0]");
    }
}
