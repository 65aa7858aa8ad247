/// Rewrites calls on the time column that the engine answers slowly. Pure text and tree work: no state, no I/O, any thread.
package io.arc.plugin.rewriter.time;
