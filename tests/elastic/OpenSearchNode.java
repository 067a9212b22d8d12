import org.codelibs.opensearch.runner.OpenSearchRunner;
import org.opensearch.Version;

/** One OpenSearch node in the foreground: java -cp 'lib/*' OpenSearchNode.java FOLDER CLUSTER HTTP_PORT TRANSPORT_PORT */
public class OpenSearchNode {
    public static void main(final String[] arguments) throws Exception {
        final OpenSearchRunner runner = new OpenSearchRunner();
        runner.setMaxHttpPort(-1);  // its own search for a free port fails
        runner.onBuild((number, settings) -> {
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", arguments[2]);
            settings.put("transport.port", arguments[3]);
            settings.put("discovery.seed_hosts", "127.0.0.1:" + arguments[3]);  // else two runners find each other
            if (Version.CURRENT.major < 3) {  // a newer runner knows that it is alone
                settings.put("cluster.initial_cluster_manager_nodes", "Node 1");
            }
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
            settings.putList("node.roles", "cluster_manager", "data", "ingest");
            settings.put("cluster.max_shards_per_node", 10000);
            settings.put("action.destructive_requires_name", false);
            settings.put("script.max_compilations_rate", "100000/1m");
        });
        runner.build(OpenSearchRunner.newConfigs().numOfNode(1).clusterName(arguments[1]).basePath(arguments[0]).useLogger());
        runner.ensureYellow();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                runner.close();
            } catch (final Exception error) {
                error.printStackTrace();
            }
        }));
        Thread.currentThread().join();
    }
}
