package io.arc.testkit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/// Runs a contract's tests without JUnit, to see which of them fail.
final class ContractRun {
    private ContractRun() {}

    /// @param rule what the names of the tests to run start with
    /// @return the failures by test name
    static <T> Map<String, Throwable> failures(Class<T> contract, String rule, Supplier<? extends T> instance,
            Consumer<T> before, Consumer<T> after) {
        Map<String, Throwable> failures = new LinkedHashMap<>();
        for (Method method : Arrays.stream(contract.getDeclaredMethods()).filter(each -> each.isAnnotationPresent(Test.class))
                .filter(each -> each.getName().startsWith(rule))
                .sorted(Comparator.comparing(Method::getName)).toList()) {
            T test = instance.get();
            before.accept(test);
            try {
                method.invoke(test);
            } catch (InvocationTargetException thrown) {
                if (!(thrown.getCause() instanceof TestAbortedException)) {
                    failures.put(method.getName(), thrown.getCause());
                }
            } catch (IllegalAccessException impossible) {
                throw new AssertionError(impossible);
            } finally {
                after.accept(test);
            }
        }
        return failures;
    }
}
