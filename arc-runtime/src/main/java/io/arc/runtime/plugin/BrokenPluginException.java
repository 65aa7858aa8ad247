package io.arc.runtime.plugin;

/// What is wrong with a plugin, in a sentence for its author or operator; caught within this room.
final class BrokenPluginException extends Exception {
    private static final long serialVersionUID = 1L;

    BrokenPluginException(String reason) {
        super(reason);
    }

    BrokenPluginException(String reason, Throwable cause) {
        super(reason, cause);
    }

    /// A throwable in one line, for the end of a sentence.
    static String text(Throwable thrown) {
        String message = thrown.getMessage();
        String name = thrown.getClass().getName();
        return message == null || message.isBlank() ? name : name + ": " + message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
