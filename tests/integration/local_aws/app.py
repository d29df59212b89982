"""A small web app in a container behind a load balancer: what rollouts are tried with."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import shutil
import subprocess
import tarfile
import threading
import time
import urllib.request
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from local_aws import commands
from local_aws.emulator import HOME
from tests.integration.harness import AwsEndpoint

APPLETS = ("sh", "sleep", "httpd", "nc", "printf", "cat", "id", "pwd", "touch", "kill", "echo", "true", "false")

# The server dies at SIGTERM with its last request, as a web server should that has been drained.
SERVE = 'trap "exit 0" TERM; httpd -f -p 3000 -h /www & wait $!'
SLOW_START = f"sleep 4; {SERVE}"
ANSWERS_500 = 'trap "exit 0" TERM; nc -ll -p 3000 -e /bin/answer-500 & wait $!'
NEVER_LISTENS = 'trap "exit 0" TERM; sleep 1000 & wait $!'
CRASHES_AT_ONCE = "echo DATABASE_URL is not set; exit 3"
CRASHES_AFTER_TEN_SECONDS = "sleep 10; exit 4"

UNFINISHED = ("PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")

PAGES = {
    "www/healthz": (0o644, "ok"),
    "www/index.html": (0o644, "hello"),
    "www/cgi-bin/slow": (0o755, "#!/bin/sh\nsleep 2\necho 'Content-Type: text/plain'\necho\necho slow\n"),
    "bin/answer-500": (
        0o755,
        "#!/bin/sh\nread line\nprintf 'HTTP/1.0 500 Broken\\r\\nContent-Length: 0\\r\\n\\r\\n'\n",
    ),
}


def build(reference: str) -> None:
    """Make the app's image of busybox alone, so that nothing is pulled."""
    program = shutil.which("busybox")
    listed = subprocess.run([program or "true", "--list"], capture_output=True, text=True, check=True).stdout
    if "httpd" not in listed.split():
        commands.install_packages("busybox-static", log=HOME / "busybox.log")
        program = shutil.which("busybox")
    with io.BytesIO() as content:
        with tarfile.open(fileobj=content, mode="w") as archive:
            archive.add(str(program), "bin/busybox")
            for name in APPLETS:
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "/bin/busybox"
                archive.addfile(link)
            for name, (mode, text) in PAGES.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(text), mode
                archive.addfile(entry, io.BytesIO(text.encode()))
        subprocess.run(["docker", "import", "-", reference], input=content.getvalue(), capture_output=True, check=True)


class Answers(Counter[Any]):
    """Answers by status, or by what went wrong; and when the requests began that were not answered with 200."""

    def __init__(self) -> None:
        super().__init__()
        self.failures_began: list[float] = []


class App:
    """A service of two tasks behind a load balancer of its own, set as this project sets them."""

    def __init__(self, aws: AwsEndpoint, image: str, *, grace: int = 0, **configuration: Any) -> None:
        self.aws, self.image = aws, image
        self.name = f"app-{uuid.uuid4().hex[:8]}"
        self.ecs, self.elbv2 = aws.client("ecs"), aws.client("elbv2")
        self.grace = grace
        self.configuration = {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            **configuration,
        }

    def make(self, command: str = SERVE, desired: int = 2, delay: int = 15, **container: Any) -> str:
        """Create the load balancer and the service. Return the revision that it runs."""
        ec2, elbv2 = self.aws.client("ec2"), self.elbv2
        vpc = ec2.create_vpc(CidrBlock="10.98.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.98.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")
            for i, zone in enumerate("ab")
        ]
        self.subnets = [one["Subnet"]["SubnetId"] for one in subnets]
        balancer = elbv2.create_load_balancer(Name=self.name, Subnets=self.subnets)["LoadBalancers"][0]
        self.host = balancer["DNSName"]
        self.group = elbv2.create_target_group(
            Name=self.name,
            Protocol="HTTP",
            Port=3000,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/healthz",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=4,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}]
        elbv2.modify_target_group_attributes(TargetGroupArn=self.group, Attributes=attributes)
        elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.group}],
        )
        self.ecs.create_cluster(clusterName=self.name)
        self.hear_of_it()
        revision = self.revision(command, **container)
        self.ecs.create_service(
            cluster=self.name,
            serviceName="app",
            taskDefinition=revision,
            desiredCount=desired,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": self.subnets}},
            loadBalancers=[{"targetGroupArn": self.group, "containerName": "app", "containerPort": 3000}],
            healthCheckGracePeriodSeconds=self.grace,
            deploymentConfiguration=self.configuration,
        )
        return revision

    def hear_of_it(self) -> None:
        """Let EventBridge tell a topic of the service's deployment events, and the topic a queue."""
        sqs, sns, events = (self.aws.client(name) for name in ("sqs", "sns", "events"))
        self.queue = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        region = self.aws.environment["AWS_REGION"]
        pattern = {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change"],
            "resources": [f"arn:aws:ecs:{region}:{self.aws.account_id}:service/{self.name}/app"],
        }
        events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        topic = sns.create_topic(Name=self.name)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        events.put_targets(Rule=self.name, Targets=[{"Id": "topic", "Arn": topic}])

    def heard(self, count: int, seconds: float = 20) -> list[str]:
        """The deployment events, in the order of their arrival, when there are ``count`` of them."""
        sqs, names, end = self.aws.client("sqs"), [], time.monotonic() + seconds
        while len(names) < count and time.monotonic() < end:
            for message in sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=1).get("Messages", []):
                names.append(json.loads(message["Body"])["detail"]["eventName"].removeprefix("SERVICE_DEPLOYMENT_"))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return names

    def let_a_function_hear_of_it(self, source: str) -> str:
        """Let the same rule tell a Lambda function, too. Return the name of its log group."""
        functions, events = self.aws.client("lambda"), self.aws.client("events")
        with io.BytesIO() as content:
            with zipfile.ZipFile(content, "w") as archive:
                archive.writestr("index.py", source)
            package = content.getvalue()
        arn = functions.create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Handler="index.handler",
            Role=f"arn:aws:iam::{self.aws.account_id}:role/{self.name}",
            Code={"ZipFile": package},
        )["FunctionArn"]
        functions.add_permission(
            FunctionName=self.name,
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=events.describe_rule(Name=self.name)["Arn"],
        )
        events.put_targets(Rule=self.name, Targets=[{"Id": "function", "Arn": arn}])
        return f"/aws/lambda/{self.name}"

    def rehearse(self, *faults: dict[str, Any]) -> None:
        request = urllib.request.Request(
            f"{self.aws.url}/_local_aws/faults", data=json.dumps(faults).encode(), method="PUT"
        )
        with urllib.request.urlopen(request, timeout=30):
            pass

    def delete(self) -> None:
        self.ecs.delete_service(cluster=self.name, service="app", force=True)

    def revision(self, command: str = SERVE, image: str | None = None, **container: Any) -> str:
        definition = {
            "name": "app",
            "image": image or self.image,
            "command": ["/bin/sh", "-c", command],
            "essential": True,
            "portMappings": [{"containerPort": 3000}],
            "stopTimeout": 10,
            **container,
        }
        answer = self.ecs.register_task_definition(
            family=self.name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[definition],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def update(self, **change: Any) -> dict[str, Any]:
        service: dict[str, Any] = self.ecs.update_service(cluster=self.name, service="app", **change)["service"]
        return service

    def service(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ecs.describe_services(cluster=self.name, services=["app"])["services"][0]
        return found

    def record(self) -> dict[str, Any]:
        """The newest service deployment."""
        newest = self.ecs.list_service_deployments(cluster=self.name, service="app")["serviceDeployments"][0]
        found = self.ecs.describe_service_deployments(serviceDeploymentArns=[newest["serviceDeploymentArn"]])
        record: dict[str, Any] = found["serviceDeployments"][0]
        return record

    def wait(self, what: Callable[[], bool], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, self.story()
            time.sleep(0.3)

    def wait_for_record(self, status: str, seconds: float = 150) -> dict[str, Any]:
        """Wait until the newest service deployment is over, and is as it should be."""
        self.wait(lambda: self.record()["status"] not in UNFINISHED, seconds)
        record = self.record()
        assert record["status"] == status, self.story()
        return record

    def wait_until_steady(self) -> None:
        self.wait(lambda: self.service()["deployments"][0]["rolloutState"] == "COMPLETED")

    def tasks(self, status: str = "RUNNING") -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster=self.name, desiredStatus=status)["taskArns"]
        found: list[dict[str, Any]] = self.ecs.describe_tasks(cluster=self.name, tasks=arns)["tasks"] if arns else []
        return found

    def target_states(self) -> Counter[str]:
        health = self.elbv2.describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]
        return Counter(one["TargetHealth"]["State"] for one in health)

    def messages(self) -> list[str]:
        return [event["message"] for event in self.service()["events"]]

    def story(self) -> str:
        service = self.service()
        stopped = [f"{one['stopCode']}: {one['stoppedReason']}" for one in self.tasks("STOPPED")]
        deployments = [(one["status"], one["rolloutState"], one["runningCount"]) for one in service["deployments"]]
        return "\n".join(
            map(str, [self.record()["status"], deployments, self.target_states(), *stopped, *self.messages()])
        )

    def get(self, path: str = "/", timeout: float = 30) -> int:
        port = int(self.aws.url.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Host": self.host})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    @contextlib.contextmanager
    def traffic(self, per_second: int = 40, path: str = "/") -> Iterator[Answers]:
        """Send requests all the while, from few threads."""
        answers = Answers()
        over, lock = threading.Event(), threading.Lock()
        threads = 8
        begin = time.monotonic()

        def send(first: int) -> None:
            for turn in range(1_000_000):
                if over.wait(max(0.0, begin + (first + turn * threads) / per_second - time.monotonic())):
                    return
                began = time.monotonic()
                try:
                    found: Any = self.get(path)
                except OSError as error:
                    found = type(error).__name__
                with lock:
                    answers[found] += 1
                    if found != 200:
                        answers.failures_began.append(began)

        senders = [threading.Thread(target=send, args=(first,), daemon=True) for first in range(threads)]
        for sender in senders:
            sender.start()
        try:
            yield answers
        finally:
            over.set()
            for sender in senders:
                sender.join()
