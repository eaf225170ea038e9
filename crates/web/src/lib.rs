//! The pages: what a browser sees of a clinic's payments.

mod assets;
mod view;

pub use assets::assets;
pub use view::rendered_samples;
