package io.arc.runtime.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("sets a system property")
class SqliteLibraryTest {
    private static final String PROPERTY = "org.sqlite.lib.path";

    @TempDir
    private Path folder;

    private final String before = System.clearProperty(PROPERTY);

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty(PROPERTY);
        } else {
            System.setProperty(PROPERTY, before);
        }
    }

    private List<Path> files() throws Exception {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void unpacksOnceAndPointsTheDriverThere() throws Exception {
        SqliteLibrary.keepIn(folder);
        assertThat(files()).hasSize(1);
        Path library = files().getFirst();
        assertThat(library.getFileName()).hasToString(System.mapLibraryName("sqlitejdbc"));
        assertThat(Files.size(library)).isGreaterThan(100_000);
        assertThat(Path.of(System.getProperty(PROPERTY))).isEqualTo(library.getParent());
        Object written = Files.getLastModifiedTime(library);
        System.clearProperty(PROPERTY);
        SqliteLibrary.keepIn(folder);
        assertThat(Files.getLastModifiedTime(library)).isEqualTo(written);
        assertThat(Path.of(System.getProperty(PROPERTY))).isEqualTo(library.getParent());
    }

    @Test
    void anOperatorsFolderGoesFirstAndAFailureLeavesTheDriverItsOwnWay() throws Exception {
        System.setProperty(PROPERTY, "/elsewhere");
        SqliteLibrary.keepIn(folder);
        assertThat(System.getProperty(PROPERTY)).isEqualTo("/elsewhere");
        assertThat(files()).isEmpty();
        System.clearProperty(PROPERTY);
        Path file = Files.writeString(folder.resolve("file"), "");
        SqliteLibrary.keepIn(file);
        assertThat(System.getProperty(PROPERTY)).isNull();
    }
}
