"""Messages to a topic of Amazon SNS."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from lakehouse.platform.notifications.channels import NotDelivered
from lakehouse.platform.notifications.texts import ascii_subject, plain

TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, kw_only=True)
class SnsTopic:
    """Publishes to a topic, with an attribute ``kind``: ``error`` or ``news``.

    Credentials and an endpoint other than Amazon's are found as boto3 finds them.

    Args:
        arn: of the topic; a secret, because it names the account.
        error_label: word before the subject of an error.
        timeout: seconds for the answer.
    """

    name: ClassVar[str] = "sns"
    errors_only: ClassVar[bool] = False
    joins_hint: ClassVar[bool] = True
    arn: str = field(repr=False)
    error_label: str = "Error"
    timeout: float = 5.0

    def send(self, message: str, *, is_error: bool = False) -> None:
        from botocore import exceptions as aws
        from botocore.parsers import ResponseParserError

        kind = "error" if is_error else "news"
        try:
            self._client().publish(
                TopicArn=self.arn,
                Subject=ascii_subject(message, self.error_label if is_error else ""),
                Message=plain(message),
                MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
            )
        except aws.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            raise NotDelivered(
                f"SNS {code}",
                temporary=status >= 500 or status == TOO_MANY_REQUESTS or "throttl" in code.lower(),
            ) from None
        except (aws.ConnectionError, aws.HTTPClientError, ResponseParserError) as error:
            raise NotDelivered(f"no answer ({type(error).__name__})", temporary=True) from None
        except aws.BotoCoreError as error:
            raise NotDelivered(
                f"it cannot be called ({type(error).__name__})", temporary=False
            ) from None

    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        once = Config(
            connect_timeout=self.timeout,
            read_timeout=self.timeout,
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        return boto3.Session().client("sns", region_name=self.arn.split(":")[3], config=once)
