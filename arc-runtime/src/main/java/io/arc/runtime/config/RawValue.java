package io.arc.runtime.config;

import java.util.List;
import java.util.Optional;

/// A value as a source holds it, not yet read by any key.
///
/// @param name as it was spelt there
/// @param text the value; the elements of an array joined by `, `
/// @param elements those of an array; empty when the value is none
/// @param place as in [Origin]
record RawValue(String name, String text, Optional<List<String>> elements, String place) {
    static RawValue text(String name, String text, String place) {
        return new RawValue(name, text, Optional.empty(), place);
    }

    /// An empty text means that the key is not set; an empty array is a value.
    boolean isSet() {
        return elements.isPresent() || !text.isEmpty();
    }
}
