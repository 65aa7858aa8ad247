/// Contract tests that every plugin has to pass, ours or a stranger's: extend the class of your kind, write the one factory
/// method, run JUnit. A test's name carries the number of the rule in `docs/writing-a-plugin.md` that it proves.
///
/// Random inputs come from a seed that a failure names; `-Darc.test.seed=N` repeats it.
package io.arc.testkit;
