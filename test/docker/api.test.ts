import { apiSuite } from "../api/suite.js";
import { startOnDocker } from "./start-on-docker.js";

apiSuite("the API on the embedded agent with Docker", () => startOnDocker(1000));
