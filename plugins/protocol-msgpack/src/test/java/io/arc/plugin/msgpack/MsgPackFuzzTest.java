package io.arc.plugin.msgpack;

import io.arc.testkit.Fuzzing;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class MsgPackFuzzTest {
    private static final Fuzzing FUZZING = new Fuzzing(MsgPackFuzz.class, MsgPackFuzz::fuzzerTestOneInput,
            Path.of("src/test/fuzz-corpus"));

    @Test
    void whatFuzzingHasFoundBefore() throws Exception {
        FUZZING.replay();
    }

    @Test
    void changedInputs() throws Exception {
        FUZZING.mutate(20_000);
    }

    @Tag("fuzz")
    @Test
    void newInputs() throws Exception {
        FUZZING.explore(Duration.ofSeconds(Integer.getInteger("arc.fuzz.seconds", 600)));
    }
}
