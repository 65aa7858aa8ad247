/// Rows on their way through Arc, by column, in primitive arrays. Immutable by agreement: whoever hands a batch over never
/// touches its arrays again, hence any thread may read them and nobody copies them.
package io.arc.api.data;
