"""Which family of ours is which of the ua-parser project's: browsers and systems that people sign in with."""

BROWSERS = {
    # browsers
    "Chrome": "chrome", "Chrome Mobile": "chrome", "Chrome Mobile iOS": "chrome", "Chromium": "chromium",
    "HeadlessChrome": "headless", "Chrome Mobile WebView": "webview", "Mobile Safari UI/WKWebView": "webview",
    "Safari": "safari", "Mobile Safari": "safari", "WebKit Nightly": "safari", "Android": "androidbrowser",
    "Firefox": "firefox", "Firefox Mobile": "firefox", "Firefox iOS": "firefox", "Firefox Beta": "firefox",
    "Edge": "edge", "Edge Mobile": "edge", "IE": "ie", "IE Mobile": "ie", "IE Large Screen": "ie", "Chrome Frame": "ie",
    "Opera": "opera", "Opera Mobile": "opera", "Opera Tablet": "opera", "Opera Touch": "opera", "Opera GX": "opera",
    "Opera Mini": "operamini", "Brave": "brave", "Vivaldi": "vivaldi", "Samsung Internet": "samsung",
    "UC Browser": "uc", "DuckDuckGo Mobile": "duckduckgo", "DuckDuckGo": "duckduckgo", "Yandex Browser": "yandex",
    "Whale": "whale", "Amazon Silk": "silk", "Puffin": "puffin", "Huawei Browser": "huaweibrowser", "MiuiBrowser": "miui",
    "Oculus Browser": "oculus", "Pale Moon": "palemoon", "Waterfox": "waterfox", "Camoufox": "camoufox",
    "QQ Browser": "qq", "QQ Browser Mobile": "qq", "QQ Browser Mini": "qq", "Ecosia Android": "ecosia", "Ecosia iOS": "ecosia",
    "BlackBerry WebKit": "blackberrybrowser", "Nokia Browser": "nokiabrowser", "Nokia OSS Browser": "nokiabrowser", "Ovi Browser": "nokiabrowser",
    "Qt Web Engine": "qtwebengine", "Sleipnir": "sleipnir", "Electron": "electron",
    # apps and mail
    "Google": "googleapp", "Facebook": "facebook", "Facebook Messenger": "facebook", "Instagram": "instagram",
    "WhatsApp": "whatsapp", "WeChat Browser": "wechat", "LINE": "line", "Twitter": "twitter", "Snapchat": "snapchat",
    "Weibo": "weibo", "Steam Client": "steam", "Steam GameOverlay": "steam", "Steam Deck": "steam",
    "Outlook": "outlook", "MacOutlook": "outlook", "Outlook-iOS": "outlook", "Outlook-iOS-Android": "outlook",
    "Microsoft Teams": "teams", "Microsoft SkyDriveSync": "onedrive", "Skype": "skype", "Windows Live Mail": "windowsmail",
    "Apple Mail": "applemail", "Mail": "applemail", "ExchangeWebServices": "applemail",
    "ExchangeServicesClient": "exchangewebservices", "Thunderbird": "thunderbird", "Lightning": "thunderbird", "ThunderBrowse": "thunderbird", "Slack Desktop Client": "slack",
    "1Password": "1password", "Salesforce": "salesforce", "OktaMobile": "okta",
    "AnyConnect": "vpnclient", "GlobalProtect": "vpnclient",
    # tools and libraries
    "curl": "curl", "libcurl-agent": "curl", "PycURL": "curl", "Wget": "wget", "wget2": "wget", "aws-cli": "aws-cli",
    "Boto3": "boto3", "Boto": "boto", "aws-sdk-java": "aws-sdk", "aws-sdk-go": "aws-sdk", "aws-sdk-go-v2": "aws-sdk",
    "aws-sdk-nodejs": "aws-sdk", "aws-sdk-ruby2": "aws-sdk", "aws-sdk-cpp": "aws-sdk", "aws-sdk-dotnet-45": "aws-sdk",
    "rusoto": "aws-sdk", "Python Requests": "python-requests", "Python-urllib": "python-urllib",
    "Python aiohttp": "aiohttp", "Go-http-client": "go", "Java": "java", "Apache-HttpClient": "apache-httpclient",
    "Apache-CXF": "apache-httpclient", "okhttp": "okhttp", "axios": "axios", "got": "node-fetch", "reqwest": "reqwest",
    "libwww-perl": "perl", "GuzzleHttp": "php", "PostmanRuntime": "postman", "HTTPie": "httpie",
    "Cyberduck": "cyberduck", "rclone": "rclone", "S3 Browser": "s3browser",
}  # fmt: skip

# What the ua-parser project calls an app that it does not know, after the system's web view. Where we call the app by
# the name it gives itself, that is the finer answer and no disagreement.
UNNAMED_APPS = {"Mobile Safari UI/WKWebView", "Android", "Electron"}

SYSTEMS = {
    "Windows": "windows", "Mac OS X": "macos", "Mac OS": "macos", "iOS": "ios", "Android": "android", "Chrome OS": "chromeos",
    "Linux": "linux", "Ubuntu": "linux", "Debian": "linux", "Fedora": "linux", "Red Hat": "linux", "Gentoo": "linux",
    "Mandriva": "linux", "SUSE": "linux", "CentOS": "linux", "Slackware": "linux",
    "FreeBSD": "bsd", "OpenBSD": "bsd", "NetBSD": "bsd", "BSD": "bsd", "Solaris": "solaris",
    "Windows Phone": "windowsphone", "Windows Mobile": "windowsmobile", "BlackBerry OS": "blackberry",
    "BlackBerry Tablet OS": "blackberry", "HarmonyOS": "harmonyos", "KaiOS": "kaios", "Sailfish": "sailfish",
    "Kindle": "kindle", "ATV OS X": "tvos", "tvOS": "tvos",
}  # fmt: skip
