package io.arc.runtime.auth;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/// What a token may do. [#ADMIN] implies all others.
public enum Permission {
    READ, WRITE, DELETE, ADMIN;

    /// What a token gets when nothing is said.
    public static final Set<Permission> DEFAULT = Collections.unmodifiableSet(EnumSet.of(READ, WRITE));
    public static final Set<Permission> ALL = Collections.unmodifiableSet(EnumSet.allOf(Permission.class));

    /// As written in requests, answers and the token table.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// @throws ArcException INVALID_PARAMETER for another word
    public static Permission parse(String text) {
        for (Permission permission : values()) {
            if (permission.text().equals(text)) {
                return permission;
            }
        }
        throw new ArcException(ErrorCode.INVALID_PARAMETER,
                "Unknown permission '" + text + "'. Known are read, write, delete and admin.");
    }

    /// In the order of this enum, each once; an empty collection is no permission at all.
    public static Set<Permission> parseAll(Collection<String> texts) {
        EnumSet<Permission> permissions = EnumSet.noneOf(Permission.class);
        for (String text : texts) {
            permissions.add(parse(text));
        }
        return Collections.unmodifiableSet(permissions);
    }

    /// A copy in the order of this enum that cannot be changed.
    static Set<Permission> copy(Set<Permission> permissions) {
        EnumSet<Permission> copy = EnumSet.noneOf(Permission.class);
        copy.addAll(permissions);
        return Collections.unmodifiableSet(copy);
    }
}
