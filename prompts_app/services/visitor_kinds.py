"""Who a browser says it is: a person's, a link preview's, or another program's."""

import re

from is_bot import Bots

from prompts_app.models import Visit

# Programs that draw the preview of a link in a chat or a post, by what they call themselves:
# developers.facebook.com (crawlers), api.slack.com/robots, developer.x.com (cards) and
# core.telegram.org, and the names that LinkedIn, WhatsApp, Discord, Skype and Teams, Bing, Reddit,
# Mattermost, Zoom, Mastodon and Iframely send. An app's own browser ("[LinkedInApp]", "Slack/4")
# is a person's.
_PREVIEWS = re.compile(
    r"facebookexternalhit|Facebot|meta-externalfetcher|Slackbot|Slack-ImgProxy|Twitterbot"
    r"|LinkedInBot|^WhatsApp/|TelegramBot|Discordbot|SkypeUriPreview|BingPreview|redditbot"
    r"|Mattermost-Bot|Zoom\.PreviewBot|Mastodon/|Iframely|Embedly|Pinterestbot|vkShare"
    r"|Google-PageRenderer|PreviewBot",
    re.IGNORECASE,
)
# Names of crawlers, scanners, libraries and browsers without a window.
_BOTS = Bots()
# No browser's is longer, and the patterns need not read more.
_MOST = 512


def kind_of(agent: str) -> Visit.Kind:
    """Return what a User-Agent header says; a browser always sends one."""
    agent = agent[:_MOST]
    if _PREVIEWS.search(agent):
        return Visit.Kind.PREVIEW
    if not agent.strip() or _BOTS.is_bot(agent):
        return Visit.Kind.SCANNER
    return Visit.Kind.HUMAN
