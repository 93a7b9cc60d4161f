export default function () {
  this.route("fiber-link", function () {
    this.route("leaderboard");
  });
}
