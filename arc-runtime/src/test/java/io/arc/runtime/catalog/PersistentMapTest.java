package io.arc.runtime.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PersistentMapTest {
    @Test
    void behavesLikeAMapAndNeverChanges() {
        for (long seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            TreeMap<String, Integer> model = new TreeMap<>();
            PersistentMap<Integer> map = PersistentMap.empty();
            List<PersistentMap<Integer>> olderMaps = new ArrayList<>();
            List<Map<String, Integer>> olderModels = new ArrayList<>();
            for (int step = 0; step < 3000; step++) {
                String key = key(random.nextInt(800));
                if (random.nextInt(3) == 0) {
                    model.remove(key);
                    map = map.without(key);
                } else {
                    model.put(key, step);
                    map = map.with(key, step);
                }
                if (step % 500 == 0) {
                    olderMaps.add(map);
                    olderModels.add(new TreeMap<>(model));
                }
            }
            olderMaps.add(map);
            olderModels.add(model);
            for (int i = 0; i < olderMaps.size(); i++) {
                assertThat(olderMaps.get(i).keys()).as("seed %d", seed).containsExactlyElementsOf(olderModels.get(i).keySet());
                assertThat(olderMaps.get(i).size()).as("seed %d", seed).isEqualTo(olderModels.get(i).size());
                assertThat(olderMaps.get(i).values()).as("seed %d", seed)
                        .containsExactlyInAnyOrderElementsOf(olderModels.get(i).values());
                for (int k = 0; k < 800; k++) {
                    assertThat(olderMaps.get(i).find(key(k))).as("seed %d", seed).isEqualTo(olderModels.get(i).get(key(k)));
                }
            }
        }
    }

    @Test
    void equalityIsByContentWhateverTheWayThere() {
        PersistentMap<Integer> one = PersistentMap.<Integer>empty().with("a", 1).with("b", 2).with("c", 3).without("c");
        PersistentMap<Integer> other = PersistentMap.<Integer>empty().with("b", 2).with("a", 0).with("a", 1);
        assertThat(one).isEqualTo(other).hasSameHashCodeAs(other);
        assertThat(one).isNotEqualTo(other.with("a", 9)).isNotEqualTo(other.without("a"));
    }

    /// Half of the keys collide in their hash: "Aa" and "BB" have the same.
    private static String key(int number) {
        return Integer.toBinaryString(number & 1023 | 1024).replace("0", "Aa").replace("1", "BB");
    }
}
