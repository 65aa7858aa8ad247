package io.arc.runtime.config;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.util.ArrayList;
import java.util.List;

/// Collects everything that is wrong, so that an operator sees all of it at once. Main thread only.
public final class ConfigurationProblems {
    private final List<String> sentences = new ArrayList<>();

    /// @param sentence what is wrong, with source, key, value and how to mend it, in one line
    public void add(String sentence) {
        if (!sentences.contains(sentence)) {
            sentences.add(sentence);
        }
    }

    public void addAll(List<String> all) {
        all.forEach(this::add);
    }

    public boolean isEmpty() {
        return sentences.isEmpty();
    }

    public List<String> sentences() {
        return List.copyOf(sentences);
    }

    /// @throws ArcException CONFIGURATION, listing every problem on a line of its own, when there is any
    public void throwIfAny() {
        if (sentences.isEmpty()) {
            return;
        }
        String head = sentences.size() == 1 ? "The configuration has an error:"
                : "The configuration has " + sentences.size() + " errors:";
        throw new ArcException(ErrorCode.CONFIGURATION, head + "\n  " + String.join("\n  ", sentences));
    }
}
