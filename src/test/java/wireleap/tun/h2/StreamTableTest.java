package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StreamTableTest {
    private final H2c h2 = new Bench().h2;
    private final StreamTable table = new StreamTable();

    private H2Stream add(int id) {
        H2Stream stream = new FlowStream(h2);
        stream.id = id;
        table.add(stream);
        return stream;
    }

    @Test
    void itFindsWhatIsInItAndNothingElse() {
        Random random = new Random(11);
        Map<Integer, H2Stream> model = new TreeMap<>();
        int next = 1;
        for (int i = 0; i < 20_000; i++) {
            if (model.isEmpty() || random.nextInt(100) < 52 && model.size() < 120) {
                next += 2 * (1 + random.nextInt(50));
                model.put(next, add(next));
            } else {
                int id = model.keySet().stream().skip(random.nextInt(model.size())).findFirst().orElseThrow();
                table.remove(model.remove(id));
                assertNull(table.find(id));
            }
            model.forEach((id, stream) -> assertSame(stream, table.find(id)));
        }
        assertEquals(model.size(), table.size());
    }

    @Test
    void itNamesAStreamAboveANumber() {
        add(1);
        H2Stream last = add(9);
        assertSame(last, table.above(5));
        assertNull(table.above(9));
    }
}
