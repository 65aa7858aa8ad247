package io.arc.runtime.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnType;
import io.arc.runtime.catalog.ColumnStats.Bounds;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FileDetailsTest {
    private final FileDetails.Reader reader = new FileDetails.Reader();

    @Test
    void comesBackAsItWent() {
        for (long seed = 0; seed < 3000; seed++) {
            DataFile file = Samples.randomFile(new Random(seed), Samples.CPU, "a");
            reader.read(file.key(), FileDetails.encode(file.coverage(), file.columns(), file.foreign()));
            assertThat(reader.coverage).as("seed %d", seed).isEqualTo(file.coverage());
            assertThat(reader.columns).as("seed %d", seed).isEqualTo(file.columns());
        }
    }

    @Test
    void theFormatStays() {
        byte[] details = FileDetails.encode(List.of(new WalRange("w1", 0, 300)), List.of(
                new ColumnStats("i", ColumnType.INT64, 1, new Bounds.Longs(-1, 64)),
                new ColumnStats("d", ColumnType.FLOAT64, -1, new Bounds.Doubles(1.5, 2, false)),
                new ColumnStats("b", ColumnType.BOOLEAN, 0, new Bounds.Booleans(false, true)),
                new ColumnStats("t", ColumnType.TEXT, 0, new Bounds.Texts("a", "ß")),
                new ColumnStats("n", ColumnType.TEXT, 2, Bounds.NONE)), Optional.empty());
        assertThat(HexFormat.of().formatHex(details)).isEqualTo("01" + "01" + "02" + "7731" + "00" + "d804" + "05"
                + "0169" + "00" + "02" + "01" + "01" + "8001"
                + "0164" + "01" + "01" + "02" + "3ff8000000000000" + "4000000000000000"
                + "0162" + "02" + "00" + "04" + "02"
                + "0174" + "03" + "00" + "05" + "0161" + "02c39f"
                + "016e" + "03" + "04" + "00");
    }

    @Test
    void theFormOfAForeignFileIsKept() {
        for (Optional<ForeignForm.TimeUnit> unit : List.of(Optional.<ForeignForm.TimeUnit>empty(),
                Optional.of(ForeignForm.TimeUnit.SECONDS), Optional.of(ForeignForm.TimeUnit.NANOS))) {
            ForeignForm form = new ForeignForm("abc", unit);
            reader.read("k", FileDetails.encode(List.of(), List.of(), Optional.of(form)));
            assertThat(reader.foreign).contains(form);
        }
        reader.read("k", FileDetails.encode(List.of(), List.of(), Optional.empty()));
        assertThat(reader.foreign).isEmpty();
    }

    @Test
    void aBoundThatIsNoTextBoundsNothing() {
        reader.read("k", FileDetails.encode(List.of(),
                List.of(new ColumnStats("t", ColumnType.TEXT, 0, new Bounds.Texts("a", "b\uD83D"))), Optional.empty()));
        assertThat(reader.columns.getFirst().bounds()).isEqualTo(Bounds.NONE);
    }

    @Test
    void damageIsToldWithTheKey() {
        DataFile file = Samples.file(Samples.CPU, "a");
        byte[] good = FileDetails.encode(file.coverage(), file.columns(), file.foreign());
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatExceptionOfType(ArcException.class).as("cut to %d", length)
                    .isThrownBy(() -> reader.read("the/key", cut)).withMessageContaining("the/key")
                    .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CORRUPT_DATA));
        }
        long seed = 3;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = good.clone();
            bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                reader.read("k", bad);
            } catch (ArcException failure) {
                assertThat(failure.code()).as("seed %d, step %d", seed, i).isEqualTo(ErrorCode.CORRUPT_DATA);
            }
        }
        assertThatExceptionOfType(ArcException.class).isThrownBy(() -> reader.read("k", Arrays.copyOf(good, good.length + 1)));
    }
}
