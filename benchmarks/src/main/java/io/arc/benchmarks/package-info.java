/// Measurements: JMH benchmarks of single parts, and [io.arc.benchmarks.LoadTool], which loads a running server and checks every
/// row it wrote. See `docs/benchmarks.md` for how to run them. Never part of the tarball.
package io.arc.benchmarks;
