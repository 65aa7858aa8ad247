/// How the log looks. Everything logs through `System.Logger`; this room sets up `java.util.logging` behind it, once, at start.
package io.arc.runtime.logging;
