export default function () {
  this.route("fiber-link", { path: "/fiber-link" }, function () {
    this.route("leaderboard");
  });
}
