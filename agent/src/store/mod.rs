//! The one writer of the configuration document.
