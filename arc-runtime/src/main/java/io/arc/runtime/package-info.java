/// The server as a whole: [io.arc.runtime.ArcServer] makes every room by constructor, starts them in order and stops them in
/// reverse; [io.arc.runtime.Main] is the command line. May see every room; no room sees it.
package io.arc.runtime;
