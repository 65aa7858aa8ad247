/// The one door to the file system for the log and other files of our own, narrow enough that tests can fail, cut short or
/// forget any call. A leaf. Nothing here starts threads; callers never interrupt a thread that is in here, because an
/// interrupt would close the channel under everybody.
package io.arc.runtime.fs;
