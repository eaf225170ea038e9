//! How a member of the staff has the payments list shown.

/// A column that can be left out or taken in; the id, the patient, the amount and the status are
/// always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// When it is due.
    DueDate,
    /// What it is for.
    Treatment,
    /// When it was created.
    Created,
    /// What it is about.
    Memo,
    /// Its type.
    PaymentType,
    /// Where it counts.
    Location,
    /// When it was paid.
    Paid,
}

impl Column {
    /// All of them, in the order in which they stand.
    pub const ALL: [Self; 7] = [
        Self::DueDate,
        Self::Treatment,
        Self::Created,
        Self::PaymentType,
        Self::Location,
        Self::Paid,
        Self::Memo,
    ];

    /// The name in forms and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DueDate => "due_date",
            Self::Treatment => "treatment",
            Self::Created => "created",
            Self::Memo => "memo",
            Self::PaymentType => "payment_type",
            Self::Location => "location",
            Self::Paid => "paid",
        }
    }

    /// What stands above it.
    pub fn label(self) -> &'static str {
        match self {
            Self::DueDate => "Due Date",
            Self::Treatment => "Treatment",
            Self::Created => "Created",
            Self::Memo => "Memo",
            Self::PaymentType => "Payment Type",
            Self::Location => "Location",
            Self::Paid => "Paid",
        }
    }

    /// The column with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.as_str() == name)
    }
}

/// The word for low rows among the names of columns.
const COMPACT: &str = "compact";

/// Which columns are shown, and how high the rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLook {
    columns: Vec<Column>,
    /// Rows are lower, so that more are in sight.
    pub is_compact: bool,
}

impl Default for ListLook {
    fn default() -> Self {
        let usual = [Column::DueDate, Column::Treatment, Column::Created, Column::Memo];
        Self::new(&usual, false)
    }
}

impl ListLook {
    /// A look with these columns, which stand in their own order.
    pub fn new(columns: &[Column], is_compact: bool) -> Self {
        let columns = Column::ALL.into_iter().filter(|column| columns.contains(column)).collect();
        Self { columns, is_compact }
    }

    /// Whether that column is shown.
    pub fn has(&self, column: Column) -> bool {
        self.columns.contains(&column)
    }

    /// Names parted by blanks, as the database keeps them.
    pub fn to_words(&self) -> String {
        let compact = self.is_compact.then_some(COMPACT);
        let names = self.columns.iter().map(|column| column.as_str());
        compact.into_iter().chain(names).collect::<Vec<_>>().join(" ")
    }

    /// Reads such names; columns that are not known any more are left out.
    pub fn from_words(words: &str) -> Self {
        let names: Vec<&str> = words.split(' ').collect();
        let columns: Vec<Column> =
            names.iter().filter_map(|name| Column::from_name(name)).collect();
        Self::new(&columns, names.contains(&COMPACT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_kept_as_words() {
        let look = ListLook::new(&[Column::Memo, Column::Location, Column::Memo], true);
        assert_eq!(look.to_words(), "compact location memo");
        assert_eq!(ListLook::from_words("memo compact location gone"), look);
        assert_eq!(ListLook::from_words(""), ListLook::new(&[], false));
        assert_eq!(ListLook::default().to_words(), "due_date treatment created memo");
    }
}
